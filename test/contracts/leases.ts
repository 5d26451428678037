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
      // After `unknown` comes `taken`, if so.
      onLost: () => {
        if (this.holders.delete(instance)) this.events.push(`${instance} lost`)
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

  t.test('taken: by one at a time, for longer than it lasts by itself', async (t) => {
    const { instance, durationMs } = await make(t)
    const names = ['a', 'b', 'c', 'd', 'e']
    const losses: string[] = []
    const take = (name: string) =>
      instance(name).take('place', { value: 1, onLost: () => losses.push(name) })
    const taken = (await Promise.all(names.map(take))).filter((lease) => lease !== undefined)
    t.equal(taken.length, 1, 'of five at once')
    const end = performance.now() + durationMs * 2
    await until(() => performance.now() > end, { what: 'two durations' })
    t.equal(await take('b'), undefined, 'it is renewed')
    await taken[0]?.release()
    const next = await take('b')
    t.ok(next, 'at once when it is released')
    const held = new LeaseLog()
    const competitor = held.compete(instance('a'), 'a', 'place')
    await next?.release()
    t.equal(await held.holder(), 'a', 'a place that is held is the same as one that is taken')
    t.equal(await take('b'), undefined)
    await competitor.release()
    t.strictSame(losses, [])
  })

  t.test('what holders leave is the most that any was responsible for', async (t) => {
    const { instance } = await make(t)
    const leases = instance('a')
    const take = async (name: string, value: number) => {
      const lease = await leases.take(name, { value, onLost: () => undefined })
      if (lease === undefined) throw new Error(`${name} is free`)
      return lease
    }
    const many = await take('member/1', 10)
    const few = await take('member/2', 3)
    const other = await take('membership_1', 1)
    t.equal(many.value, 10)
    t.strictSame(await leases.listLeft('member/'), [], 'nothing while they are held')
    await Promise.all([many.release(), few.release(), other.release()])
    t.strictSame(await leases.listLeft('member/'), [
      { name: 'member/1', value: 10 },
      { name: 'member/2', value: 3 },
    ])
    t.strictSame(await leases.listLeft('member_'), [], 'no character is a wildcard')
    t.strictSame(await leases.listLeft('_'), [])
    const fewer = await take('member/1', 4)
    t.equal(fewer.value, 10, 'the next holder is told')
    await fewer.setValue(4)
    t.equal(fewer.value, 4)
    await fewer.release()
    t.strictSame((await leases.listLeft('member/1'))[0]?.value, 4)
    const last = await take('member/2', 0)
    t.equal(last.value, 3)
    await last.setValue(0)
    await last.release()
    await last.release()
    t.strictSame(
      (await leases.listLeft('member/')).map(({ name }) => name),
      ['member/1'],
    )
  })
}
