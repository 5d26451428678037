import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { createOpenSearchFleetIndex } from '../src/adapters/fleet-index/opensearch.ts'
import { createConfig } from '../src/config/config.ts'
import { readEnv } from '../src/config/env.ts'
import { createLiveVehicles } from '../src/fleet/live-vehicles.ts'
import { createMetrics } from '../src/http/metrics.ts'
import { Ingest } from '../src/telemetry/ingest.ts'
import { peakMemoryMb } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { type Deliver, ViewFeed } from './lib/view-feed.ts'

// What one message costs between its feed and its acknowledgement: the whole ingest and the
// OpenSearch adapter as in production, before a sink that stores nothing in a process of its own and
// behind a feed that hands over views of what a socket would have read. Beside it, the feed alone.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    outstanding: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
  },
})
const messages = Number(values.messages)
const source = new ViewFeed(Number(values.vehicles), Number(values.outstanding))
/** Compiles the hot path, as a service that runs for days has it. */
const WARM_UP = 40_000
/** Observations of the garbage collector come late. */
const SETTLE_MS = 50

const logger = pino({ level: 'silent' })
const gc = { count: 0, ms: 0 }
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gc.count += 1
    gc.ms += duration
  }
}).observe({ entryTypes: ['gc'] })

const rows: Record<string, string | number>[] = []
const sink = spawn(process.execPath, ['bench/lib/null-opensearch.ts'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const [line] = (await once(sink.stdout, 'data')) as [Buffer]
  const { ingest, close } = await startIngest(line.toString('utf8').trim())
  const writer: Deliver = (message) => ingest.deliver(message)
  const nothing: Deliver = (message) => message.acknowledge()
  for (const deliver of [nothing, writer]) await source.feed(source.makeReads(WARM_UP), deliver)
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    await measure('feed alone', round, nothing)
    await measure('feed → ingest → null', round, writer)
  }
  await close()
  report(`ingest and writer: ${messages} cardata, ${values.vehicles} vehicles`, rows)
} finally {
  sink.kill()
}

async function startIngest(url: string) {
  const config = createConfig(readEnv({ FLEET_INDEX: 'opensearch', OPENSEARCH_URL: url }))
  if (config.fleetIndex.adapter !== 'opensearch') throw new Error('not the adapter to be measured')
  const clock = { now: Date.now }
  const fleetIndex = createOpenSearchFleetIndex(config.fleetIndex, { instance: 'bench', ...clock })
  await fleetIndex.open()
  const metrics = createMetrics()
  const live = createLiveVehicles({ ...config.stream, metrics, clock })
  const ingest = new Ingest({
    fleetIndex,
    // Nothing is to go there: a message that did would never be acknowledged.
    deadLetters: undefined as never,
    jobs: { desiredVersion: async () => undefined },
    onVehiclesChanged: live.changed.bind(live),
    onStatusesStored: () => undefined,
    metrics,
    logger,
    clock,
    config: config.telemetry,
  })
  await ingest.load()
  return { ingest, close: () => fleetIndex.close() }
}

async function measure(what: string, round: number, deliver: Deliver): Promise<void> {
  const reads = source.makeReads(messages)
  // What making them has left for the collector is not what is measured.
  await pause(SETTLE_MS)
  const gcBefore = { ...gc }
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await source.feed(reads, deliver)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  await pause(SETTLE_MS)
  rows.push({
    round,
    what,
    'messages/s': Math.round(messages / seconds),
    'CPU s/100k': ((user + system) / 1e6 / messages) * 100_000,
    'of it system': (system / 1e6 / messages) * 100_000,
    'GC pauses s/100k': ((gc.ms - gcBefore.ms) / 1000 / messages) * 100_000,
    'GC pauses': gc.count - gcBefore.count,
    'peak MB': Math.round(peakMemoryMb(process.pid)),
  })
}
