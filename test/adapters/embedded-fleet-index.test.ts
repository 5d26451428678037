import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { FLEET_INDEX_SCHEMA } from '../../src/adapters/fleet-index/embedded/schema.ts'
import { createEmbeddedFleetIndex } from '../../src/adapters/fleet-index/embedded.ts'
import { openForWriting } from '../../src/adapters/sqlite/open-database.ts'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import { FIRST_PAGE, START, telemetry, vinOf } from '../contracts/fleet-changes.ts'
import { fleetIndexContract } from '../contracts/fleet-index.ts'
import { BATCH_SIZE, batch } from './fixtures/write-until-killed.ts'

const DAY_MS = 86_400_000

async function opened(t: Test, dataDir: string, sizeMaxBytes = 1e9): Promise<FleetIndex> {
  const index = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir, sizeMaxBytes })
  await index.open()
  t.teardown(() => index.close())
  return index
}

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
}

fleetIndexContract(t, async (t) => ({ index: await opened(t, t.testdir()) }))

t.test('a full index keeps nothing back, says what to do, and recovers by itself', async (t) => {
  const index = await opened(t, t.testdir(), 1_000_000)
  const large = (number: number): FleetChange[] =>
    Array.from({ length: 50 }, (_, item) => {
      const change = telemetry(vinOf(item), number * 100 + item, { tripId: `T${number}` })
      const document = JSON.stringify({ filler: 'x'.repeat(1000) })
      return { ...change, history: change.history.map((entry) => ({ ...entry, document })) }
    })
  let stored = 0
  let report = await index.write(large(stored))
  while (report.retry.length === 0) {
    stored += 1
    t.ok(stored < 100, 'the file is bounded')
    report = await index.write(large(stored))
  }
  const all = Array.from({ length: 50 }, (_, item) => item)
  const { retryReason, ...rest } = report
  t.strictSame(rest, { accepted: 0, duplicates: [], rejected: [], retry: all })
  t.match(retryReason, /full/)
  const failure = await reasonOf(index.check())
  t.match(failure, { kind: 'unavailable', message: /no space .*FLEET_INDEX_SIZE_MAX_MB/ })
  t.match(failure, { message: /HISTORY_RETENTION_DAYS/ })
  t.equal(await index.route(`T${stored}`), undefined, 'nothing of the failed batch is there')
  t.equal((await index.route(`T${stored - 1}`))?.length, 0, 'queries are still answered')
  t.equal((await index.latestVehicle(vinOf(0)))?.telemetry?.odometerKm, (stored - 1) * 100)
  t.equal(await index.dropHistory(START + DAY_MS), stored * 50)
  await index.check()
  t.equal((await index.write(large(stored))).accepted, 50)
  t.equal((await index.route(`T${stored}`))?.length, 0)
})

t.test('while another program holds the file, messages are left for later', async (t) => {
  const dataDir = t.testdir()
  const index = await opened(t, dataDir)
  const other = openForWriting(join(dataDir, 'fleet-index.db'), FLEET_INDEX_SCHEMA, 1e9)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  t.strictSame((await index.write([telemetry(vinOf(1), 1)])).retry, [0])
  t.match(await reasonOf(index.check()), { kind: 'unavailable', message: /SQLITE_BUSY/ })
  t.equal(await index.latestVehicle(vinOf(1)), undefined, 'queries are still answered')
  other.exec('ROLLBACK')
  await index.check()
  t.equal((await index.write([telemetry(vinOf(1), 1)])).accepted, 1)
})

t.test('everything is there after a restart, and a page goes on', async (t) => {
  const dataDir = t.testdir()
  const first = await opened(t, dataDir)
  await first.write([telemetry(vinOf(1), 1), telemetry(vinOf(2), 1)])
  const before = await first.latestVehicle(vinOf(1))
  await first.close()
  const second = await opened(t, dataDir)
  t.strictSame(await second.latestVehicle(vinOf(1)), before)
  t.strictSame((await second.write([telemetry(vinOf(1), 1)])).duplicates, [0])
  await second.write([telemetry(vinOf(1), 0)])
  t.strictSame(await second.latestVehicle(vinOf(1)), before, 'late telemetry still loses')
})

t.test('a reader that fell far behind catches up', async (t) => {
  const index = await opened(t, t.testdir())
  const query = { vins: [vinOf(1)], boundaries: [], makes: [], models: [], modelYears: [] }
  const filter = { ...query, troubleCodes: [], anomalies: [] }
  const count = async () =>
    (await index.aggregateVehicles({ filter, maxClusters: 1, page: FIRST_PAGE })).vehicleCount
  t.equal(await count(), 0)
  await index.write([telemetry(vinOf(1), 1, { position: { longitude: 1, latitude: 1 } })])
  // More transactions than the list of changes keeps.
  const writes = Array.from({ length: 1100 }, (_, at) => index.write([telemetry(vinOf(2), at)]))
  await Promise.all(writes)
  t.equal(await count(), 1)
})

t.test('a file of a newer version, or damaged, is an error for people', async (t) => {
  const newer = t.testdir()
  const index = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir: newer, sizeMaxBytes: 1e9 })
  await index.open()
  await index.close()
  const db = openForWriting(join(newer, 'fleet-index.db'), FLEET_INDEX_SCHEMA, 1e9)
  db.exec('PRAGMA user_version = 99')
  db.close()
  const again = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir: newer, sizeMaxBytes: 1e9 })
  t.match(await reasonOf(again.open()), { message: /newer Fleetgrid \(schema 99.*DATA_DIR/ })

  const damaged = t.testdir({ 'fleet-index.db': 'not a database '.repeat(500) })
  const broken = createEmbeddedFleetIndex({
    ...{ adapter: 'embedded', dataDir: damaged, sizeMaxBytes: 1e9 },
  })
  t.match(await reasonOf(broken.open()), {
    message: /Can't open .*fleet-index\.db.*not a database/,
  })
})

t.test('kill -9: all that was durable is there, exactly once, and batches are whole', async (t) => {
  const dataDir = t.testdir()
  const durable: number[] = []
  for (const round of [1, 2, 3]) {
    const first = Math.max(-1, ...durable) + 10
    const child = start(dataDir, first)
    t.teardown(() => child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout ?? process.stdin })
    const exited = once(child, 'exit')
    let seen = 0
    for await (const line of lines) {
      durable.push(Number(line))
      seen += 1
      if (seen === 15 * round) child.kill('SIGKILL')
    }
    await exited
    t.ok(seen >= 15 * round, `${seen} batches before the kill`)
    const index = await opened(t, dataDir)
    for (const number of durable) {
      const { duplicates } = await index.write(batch(number))
      t.equal(duplicates.length, BATCH_SIZE, `all of batch ${number} was there`)
    }
    const last = Math.max(...durable)
    for (const number of [last + 1, last + 2, last + 3]) {
      const { duplicates } = await index.write(batch(number))
      t.ok([0, BATCH_SIZE].includes(duplicates.length), `batch ${number} is whole or not there`)
    }
    await index.close()
  }
})

function start(dataDir: string, first: number): ChildProcess {
  const script = new URL('./fixtures/write-until-killed.ts', import.meta.url).pathname
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawn(process.execPath, [script, dataDir, String(first)], { stdio: [...stdio] })
}
