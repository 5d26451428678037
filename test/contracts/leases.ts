import type { Test } from 'tap'
import type { HeldLease, Leases } from '../../src/ports/leases.ts'
import { until } from '../helpers/until.ts'

export interface LeasesUnderTest {
  /** Leases of one more instance on the same database. */
  instance(name: string): Leases
  readonly durationMs: number
}

export type MakeLeases = (t: Test) => Promise<LeasesUnderTest>

/** Who held it when, as the instances themselves saw it. */
export class LeaseLog {
  readonly events: string[] = []
  readonly holders = new Set<string>()
  /** Largest number of holders at any moment. */
  holdersMax = 0

  compete(leases: Leases, instance: string, name = 'role'): HeldLease {
    const held = leases.hold(name, {
      onGained: () => {
        this.events.push(`${instance} gained`)
        this.holders.add(instance)
        this.holdersMax = Math.max(this.holdersMax, this.holders.size)
      },
      onLost: () => {
        this.events.push(`${instance} lost`)
        this.holders.delete(instance)
      },
    })
    return {
      release: () => {
        this.holders.delete(instance)
        return held.release()
      },
    }
  }

  async holder(): Promise<string> {
    await until(() => this.holders.size > 0, { what: 'one of them holds it' })
    const [holder = ''] = this.holders
    return holder
  }
}

/** What every kind of lease must do, through the port only. */
export function leasesContract(t: Test, make: MakeLeases): void {
  t.test('one of several has it, and it goes on at once when released', async (t) => {
    const { instance } = await make(t)
    const log = new LeaseLog()
    const names = ['a', 'b', 'c']
    const held = new Map(names.map((name) => [name, log.compete(instance(name), name)]))
    const seen: string[] = []
    for (let turn = 0; turn < names.length; turn += 1) {
      const holder = await log.holder()
      seen.push(holder)
      await held.get(holder)?.release()
    }
    t.strictSame(seen.toSorted(), names, 'each had it once')
    t.equal(log.holdersMax, 1)
    t.notOk(
      log.events.some((event) => event.endsWith('lost')),
      'a release is no loss',
    )
  })

  t.test('it is kept for longer than it lasts by itself', async (t) => {
    const { instance, durationMs } = await make(t)
    const log = new LeaseLog()
    const first = log.compete(instance('a'), 'a')
    t.equal(await log.holder(), 'a')
    const second = log.compete(instance('b'), 'b')
    const end = performance.now() + durationMs * 2
    await until(() => performance.now() > end, { what: 'two durations' })
    t.strictSame(log.events, ['a gained'])
    await first.release()
    await until(() => log.holders.has('b'))
    await second.release()
  })

  t.test('names and holds are apart, also within one instance', async (t) => {
    const { instance } = await make(t)
    const leases = instance('a')
    const log = new LeaseLog()
    const one = log.compete(leases, 'one')
    t.equal(await log.holder(), 'one')
    const other = log.compete(leases, 'other', 'another role')
    await until(() => log.holders.size === 2)
    const rival = log.compete(leases, 'rival')
    await one.release()
    await until(() => log.holders.has('rival'))
    await Promise.all([rival.release(), other.release()])
  })

  t.test('releasing twice, or before it was gained, is fine', async (t) => {
    const { instance } = await make(t)
    const log = new LeaseLog()
    const early = log.compete(instance('a'), 'a')
    await early.release()
    await early.release()
    const late = log.compete(instance('b'), 'b')
    t.equal(await log.holder(), 'b')
    await late.release()
    t.strictSame(log.events, ['b gained'])
  })
}
