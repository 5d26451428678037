import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type ChargingStores,
  createChargingStores,
} from '../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../src/adapters/database/embedded.ts'
import { createPostgresDatabase } from '../src/adapters/database/postgres.ts'
import type { ChargingTransaction } from '../src/domain/charging-transaction.ts'
import { chargingLoad, readingOf, T, tokenOf } from './lib/charging-store-load.ts'
import { postgresCpuSeconds } from './lib/postgres-cpu.ts'
import { percentile } from './lib/process-stats.ts'
import { report } from './lib/report.ts'

// The stores of charging alone, without sockets: what each kind of write costs until it is durable,
// on SQLite, and on PostgreSQL (a fresh database) if LIVE_POSTGRES_URL names one.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '150000' },
    stations: { type: 'string', default: '100000' },
    sessions: { type: 'string', default: '5000' },
    busy: { type: 'string', default: '500' },
  },
})
const stations = Number(values.stations)
const busy = Number(values.busy)
const { stationOf, startOf } = chargingLoad(stations)
const postgresUrl = process.env['LIVE_POSTGRES_URL']
const databaseCpu = () => (postgresUrl === undefined ? 0 : postgresCpuSeconds(postgresUrl))
const rows: Record<string, string | number>[] = []

const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
try {
  await measureAll('SQLite', createEmbeddedDatabase({ adapter: 'embedded', dataDir: folder }))
  if (postgresUrl !== undefined) {
    const limits = { poolMax: 5, connectTimeoutMs: 5000, statementTimeoutMs: 15_000 }
    const config = { adapter: 'postgres', url: postgresUrl, tls: 'off', caFile: undefined } as const
    await measureAll('PostgreSQL', createPostgresDatabase({ ...config, ...limits }))
  }
  report('charging store', rows)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measureAll(
  engine: string,
  database: ReturnType<typeof createEmbeddedDatabase>,
): Promise<void> {
  await database.open()
  const stores = createChargingStores({ database, now: Date.now })
  const { chargePoints, transactions } = stores
  const boot = { vendor: 'Bench', model: 'One', serialNumber: '0123456789', firmwareVersion: '1.0' }
  const connect = (n: number) => chargePoints.connected(stationOf(n), engine, '1.6', T + n)
  await times(stations, busy, connect)
  // In another order than they were created in, as a storm is.
  const reconnect = async (n: number) => {
    await connect(n * 7919)
    await chargePoints.booted(stationOf(n * 7919), boot, T + n)
  }
  await measure(engine, 'reconnect and boot', stations, busy, reconnect)
  const started: ChargingTransaction[] = []
  await measure(engine, 'start', 20_000, 200, async (n) => {
    started[n] = await transactions.start(startOf(n))
  })
  await measure(engine, 'MeterValues', Number(values.messages), busy, (n) => {
    // Spread over all that are open.
    const place = started[((n % busy) * 7919) % started.length]
    if (place === undefined) throw new Error('fewer transactions than asked for')
    return transactions.addReadings(place, place.number, [readingOf(T + n, n)])
  })
  for (const tokens of [200, 100_000]) {
    await times(tokens, 1000, (n) =>
      stores.idTokens.put({ uid: tokenOf(n), isBlocked: false, concurrentMax: 10 }),
    )
    await measure(engine, `session, ${tokens} tokens`, Number(values.sessions), 200, (n) =>
      runSession(stores, n, tokens),
    )
  }
  await stores.close()
  await database.close()
}

async function runSession(stores: ChargingStores, n: number, tokens: number): Promise<void> {
  const { idTokens, transactions } = stores
  const tokenUid = tokenOf(n % tokens)
  const start = { ...startOf(n), at: T + tokens * 1000 + n, tokenUid }
  await Promise.all([idTokens.find(tokenUid), transactions.countOpen(tokenUid)])
  const { number = 0 } = await transactions.start(start)
  for (let at = 1; at <= 4; at += 1) {
    await transactions.addReadings(start, number, [readingOf(start.at + at, n + at)])
  }
  const { chargePointId } = start
  await transactions.find(`${chargePointId}/${number}`)
  const end = { chargePointId, number, at: start.at + 5, meterStopWh: n + 5, tokenUid }
  await transactions.stop({ ...end, reason: 'Local', readings: [] })
}

/** `atOnce` of them at any time. */
async function times<T>(
  count: number,
  atOnce: number,
  work: (n: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    for (let n = next++; n < count; n = next++) results[n] = await work(n)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

async function measure(
  engine: string,
  what: string,
  count: number,
  atOnce: number,
  work: (n: number) => Promise<unknown>,
): Promise<void> {
  const latencies = new Float64Array(count)
  const before = { own: process.cpuUsage(), database: databaseCpu() }
  const startedAt = performance.now()
  await times(count, atOnce, async (n) => {
    const askedAt = performance.now()
    await work(n)
    latencies[n] = performance.now() - askedAt
  })
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before.own)
  const database = databaseCpu() - before.database
  rows.push({
    engine,
    what,
    'at once': atOnce,
    '/s': Math.round(count / seconds),
    'p99 ms': percentile(latencies.sort(), 0.99),
    'CPU s/1,000': ((((user + system) / 1e6 + database) / count) * 1000).toFixed(4),
    'of it PostgreSQL': ((database / count) * 1000).toFixed(4),
  })
}
