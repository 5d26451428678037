import t from 'tap'
import { createInstanceWatch } from '../../src/charging/instance-watch.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { Leases, TakenLease } from '../../src/ports/leases.ts'

/** Leases in memory, which run out when a test says so. */
function createTestLeases() {
  const rows = new Map<string, { value: number; isHeld: boolean; onLost: () => void }>()
  const leases = {
    async take(name, { value, onLost }): Promise<TakenLease | undefined> {
      const row = rows.get(name) ?? { value: 0, isHeld: false, onLost() {} }
      if (row.isHeld) return undefined
      const taken = {
        value: Math.max(row.value, value),
        isHeld: true,
        onLost: () => onLost('taken'),
      }
      rows.set(name, taken)
      row.onLost()
      return {
        value: taken.value,
        async setValue(value) {
          taken.value = value
        },
        async release() {
          taken.isHeld = false
          taken.onLost = () => {}
        },
      }
    },
    async listLeft(prefix) {
      return [...rows]
        .filter(([name, row]) => name.startsWith(prefix) && row.value > 0 && !row.isHeld)
        .map(([name, { value }]) => ({ name, value }))
    },
  } as Leases
  const runOut = (name: string) => Object.assign(rows.get(name) ?? {}, { isHeld: false })
  return { leases, rows, runOut }
}

function createWorld() {
  const { leases, rows, runOut } = createTestLeases()
  const clock = { time: 0, now: () => clock.time }
  const released: string[] = []
  const failures: string[] = []
  const chargePoints = {
    async releaseInstance(instance: string) {
      released.push(instance)
      return 1
    },
  }
  const watch = (instance: string, of: Leases = leases) =>
    createInstanceWatch({
      isAlone: false,
      ...{ leases: of, chargePoints, instance, clock },
      onFailure: (what) => failures.push(what),
    })
  return { watch, runOut, rows, clock, released, failures }
}

t.test('an instance that has died is given up after a while, once', async (t) => {
  const { watch, runOut, rows, clock, released } = createWorld()
  const [dead, one, other] = [watch('dead'), watch('one'), watch('other')]
  for (const instance of [dead, one, other]) await instance.runOnce()
  runOut('charging/dead')
  for (const time of [0, 20_000, 59_000]) {
    clock.time = time
    await one.runOnce()
    await other.runOnce()
  }
  t.strictSame(released, [])
  clock.time = 60_000
  await Promise.all([one.runOnce(), other.runOnce()])
  await one.runOnce()
  t.strictSame(released, ['dead'])
  t.match(rows.get('charging/dead'), { value: 0, isHeld: false })
})

t.test('who comes back in time, and who has stopped, is left alone', async (t) => {
  const { watch, runOut, clock, released } = createWorld()
  const [slow, stopped, one] = [watch('slow'), watch('stopped'), watch('one')]
  for (const instance of [slow, stopped, one]) await instance.runOnce()
  await stopped.stop()
  runOut('charging/slow')
  await one.runOnce()
  clock.time = 50_000
  const renewed = watch('slow')
  await renewed.runOnce()
  await one.runOnce()
  runOut('charging/slow')
  clock.time = 70_000
  await one.runOnce()
  t.strictSame(released, [])
})

t.test('the database is away: tried again', async (t) => {
  const { watch, failures } = createWorld()
  const away = () => Promise.reject(new FleetgridError('unavailable', 'away'))
  const one = watch('one', { take: away, listLeft: away } as unknown as Leases)
  await one.runOnce()
  await one.stop()
  t.strictSame(failures, ['looking after instances that are gone'])
})
