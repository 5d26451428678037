import { type Logger, pino } from 'pino'
import t, { type Test } from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import type { ChargingRetention } from '../../src/ports/charging-retention.ts'
import { type ChargingRetentionDeps, keepCharging } from '../../src/retention/charging-retention.ts'
import { AT, PLACE, reading, start, stopOf } from '../contracts/charging-transactions.ts'

const DAY_MS = 86_400_000
const FOR_EVER = {
  ...{ readings: undefined, 'place-readings': undefined, records: undefined },
  ...{ statuses: undefined, commands: undefined, transactions: undefined },
  reservations: undefined,
}

async function setUp(t: Test, part: Partial<ChargingRetentionDeps> = {}) {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  const clock = { time: AT, now: () => clock.time }
  const stores = createChargingStores({ database, now: clock.now })
  t.teardown(async () => {
    await stores.close()
    await database.close()
  })
  const metrics = createMetrics()
  const logged: object[] = []
  const logger = pino({ level: 'info' }, { write: (line) => void logged.push(JSON.parse(line)) })
  const instance = (name: string): ChargingRetentionDeps => ({
    ...{ ...stores, clock, metrics, logger: logger as Logger },
    leases: createStoredLeases({ database, instance: name }),
    retentionMs: FOR_EVER,
    ...part,
  })
  const signal = new AbortController().signal
  const dropped = async () => {
    const { values } = await metrics.chargingDropped.get()
    return Object.fromEntries(values.map(({ labels, value }) => [labels.data, value]))
  }
  return { clock, instance, signal, metrics, logged, dropped, ...stores }
}

t.test('what was kept long enough is dropped, counted and logged; the rest stays', async (t) => {
  const retentionMs = { ...FOR_EVER, readings: DAY_MS, 'place-readings': DAY_MS }
  const world = await setUp(t, { retentionMs })
  const { transactions, clock, metrics } = world
  const { number = 0, id } = await transactions.start(start())
  const stop = { ...stopOf(number), readings: [reading(AT, 1), reading(AT + 1, 2)] }
  await transactions.stop(stop)
  const open = await transactions.start(start({ chargePointId: 'open' }))
  const place = { ...PLACE, chargePointId: 'open' }
  await transactions.addReadings(place, open.number, [reading(AT, 1)])
  await transactions.addReadings(place, undefined, [reading(AT, 1)])
  await world.records.add({
    ...{ chargePointId: 'open', kind: 'orphan', at: 0, key: 'k', document: {} },
  })
  const run = () => keepCharging(world.instance('one'), world.signal)
  clock.time += DAY_MS
  await run()
  t.strictSame(await world.dropped(), { readings: 0, 'place-readings': 0 })
  clock.time += 3 * DAY_MS
  await run()
  t.strictSame(await world.dropped(), { readings: 2, 'place-readings': 1 })
  t.match(world.logged, [
    { data: 'readings', dropped: 2 },
    { data: 'place-readings', dropped: 1 },
  ])
  t.match(await transactions.find(id), { state: 'stopped' })
  const left = await transactions.readings({ transactionId: open.id, limit: 9 })
  t.equal(left.length, 1, 'of an open transaction')
  t.equal((await world.records.list({ chargePointId: 'open', limit: 9 })).length, 1)
  const { values } = await metrics.lostTransactions.get()
  t.equal(values[0]?.value, 1, 'the open one was told of four days ago')
})

t.test('one instance at a time', async (t) => {
  const steps: string[] = []
  const goOn = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const retention: ChargingRetention = {
    async dropStep(data) {
      steps.push(data)
      reached.resolve()
      await goOn.promise
      return { dropped: 0, isDone: true }
    },
  }
  const world = await setUp(t, { retention, retentionMs: { ...FOR_EVER, records: DAY_MS } })
  const first = keepCharging(world.instance('one'), world.signal)
  await reached.promise
  await keepCharging(world.instance('two'), world.signal)
  t.strictSame(steps, ['records'])
  goOn.resolve()
  await first
  await keepCharging(world.instance('two'), world.signal)
  t.strictSame(steps, ['records', 'records'], 'when the first one is done')
})

t.test('it stops after the step that it is at, and begins with it again', async (t) => {
  const stopping = new AbortController()
  let steps = 0
  const retention: ChargingRetention = {
    async dropStep() {
      steps += 1
      if (steps === 3) stopping.abort()
      if (steps === 5) throw new Error('away')
      return { dropped: 1000, isDone: false }
    },
  }
  const retentionMs = { ...FOR_EVER, records: DAY_MS, statuses: DAY_MS }
  const world = await setUp(t, { retention, retentionMs })
  await keepCharging(world.instance('one'), stopping.signal)
  t.equal(steps, 3)
  t.strictSame(await world.dropped(), { records: 3000 })
  await t.rejects(keepCharging(world.instance('one'), world.signal), { message: 'away' })
  t.equal(steps, 5, 'its lease was given up before, and is given up now')
  const lease = await world.instance('two').leases.take('charging-retention', {
    ...{ value: 0, onLost: () => undefined },
  })
  t.ok(lease)
  await lease?.release()
})
