import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Engine } from '../test/engines/engine.ts'
import { startOpenSearch } from '../test/engines/opensearch.ts'
import { type Bulk, loadBulks } from './lib/bulk-loader.ts'
import { compare, type Row } from './lib/compare.ts'
import {
  fleetgridOf,
  type StartContestant,
  startForwarder,
  telegrafOf,
} from './lib/ingest-contestants.ts'
import {
  measureBacklog,
  measureLatency,
  measureLive,
  type Run,
  type Throughput,
  WARM_UP,
} from './lib/ingest-phases.ts'
import { engineSink, type NullSink, startNullSink } from './lib/ingest-sinks.ts'
import { cpuSeconds } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { fetchTelegraf } from './lib/telegraf.ts'

// Mosquitto → Fleetgrid → a sink that stores nothing, beside a bare forwarder and Telegraf; then →
// OpenSearch, beside a bare loader of the bulks that Fleetgrid sent. Everything in one run, one after
// the other in each round, each contestant in a new process that is warmed up first.
//
// backlog  The messages are queued at the broker while the contestant stands still (SIGSTOP), then
//          it takes them: publisher and broker are done, it has the cores to itself.
// live     It takes them while they are published at full speed, from the first message sent until
//          the sink has the last: publisher and broker want the same cores.
// latency  A steady rate, less than any can do: from a message sent to the contestant's PUBACK.
//
// OpenSearch is loaded beforehand until it has compiled itself.
//
// The bare loader reads from memory and has OpenSearch the two cores nearly to itself: what Fleetgrid,
// broker and publisher use of them is taken from OpenSearch's. Its CPU is told beside each.
//
// Each holds a persistent session, QoS 1, and acknowledges after the sink's answer. The null sink is
// quick and refuses nothing, so no retries are measured. What they do with a message:
//
// Fleetgrid  decodes and checks it, writes it to the history under an id that comes from itself and
//            merges it into its vehicle's latest document. MQTT 5, `connections` that share the
//            subscription; each asks for `in-flight` unacknowledged, as many as AWS IoT Core sends.
// forwarder  puts it into a bulk as it is, without an id: what is delivered twice is stored twice.
//            Bulks of 1,000 or 25 ms. MQTT 5, one connection, 65,535 unacknowledged.
// Telegraf   parses its JSON and writes the numbers, not the texts, so its documents are smaller,
//            with the hash of the time and topic as id. Bulks of 2,000 or 100 ms. MQTT 3.1.1, one
//            connection, 10,000 unacknowledged.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '10' },
    'in-flight': { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    /** Messages per second of the latency phase, and for how long; 0 leaves it out. */
    rate: { type: 'string', default: '2000' },
    'rate-seconds': { type: 'string', default: '20' },
    telegraf: { type: 'boolean', default: true },
    'null-only': { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const [messages, vehicles] = [Number(values.messages), Number(values.vehicles)]
const rounds = Array.from({ length: Number(values.rounds) }, (_, index) => index + 1)
const WARM_UP_LOADS_MIN = 4
const WARM_UP_LOADS_MAX = 10
/** Of the cheapest load before. */
const STEADY = 0.95
const PHASES = { backlog: measureBacklog, live: measureLive }
const phases = Object.keys(PHASES) as (keyof typeof PHASES)[]

/** The bare loader is this process: its memory says nothing. */
type Figures = Omit<Throughput, 'peakMemoryMb'> & Partial<Throughput>

const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
const throughput: Row[] = []
const latency: Row[] = []
try {
  await measureNull()
  if (!values['null-only']) await measureEngine()
} finally {
  await rm(folder, { recursive: true, force: true })
}
tell()

function fleetgrid(env: Readonly<Record<string, string>> = {}): StartContestant {
  return fleetgridOf({
    MQTT_CONNECTIONS: values.connections,
    MQTT_UNACKNOWLEDGED_MAX: values['in-flight'],
    ...env,
  })
}

async function measureNull(): Promise<void> {
  const telegraf = values.telegraf ? await fetchTelegraf() : undefined
  const contestants: [string, StartContestant][] = [
    ['bare forwarder → null', startForwarder],
    ['Fleetgrid → null', fleetgrid()],
  ]
  if (telegraf !== undefined) contestants.push(['Telegraf → null', telegrafOf(telegraf)])
  for (const round of rounds) {
    for (const phase of phases) {
      for (const [what, start] of contestants) {
        await withNullSink(async (sink) => {
          addThroughput(what, phase, round, await PHASES[phase](runOf(start, sink)))
        })
      }
    }
  }
  for (const [what, start] of contestants) {
    await withNullSink((sink) => addLatency(what, runOf(start, sink)))
  }
}

async function measureEngine(): Promise<void> {
  const bulks = await captureBulks()
  const engine = await startOpenSearch({
    folder: join(folder, 'opensearch'),
    purpose: 'measurements',
  })
  const what = 'Fleetgrid → OpenSearch'
  const run = (prefix: string): Run =>
    runOf(fleetgrid({ OPENSEARCH_INDEX_PREFIX: prefix }), engineSink(engine, prefix))
  try {
    await warmUpEngine(engine, bulks)
    await measureBacklog(run('warm-up-'))
    for (const round of rounds) {
      const viaFleetgrid = async () => {
        for (const phase of phases) {
          addThroughput(what, phase, round, await PHASES[phase](run(`${phase}-${round}-`)))
        }
      }
      const direct = async () => {
        const before = cpuSeconds(engine.pid)
        const { seconds, cpu } = await loadBulks(engine.url, `loader-${round}-`, bulks)
        const share = messages / (messages + WARM_UP)
        addThroughput('bare loader → OpenSearch', 'bulks', round, {
          seconds: seconds * share,
          cpuSeconds: cpu * share,
          sinkCpuSeconds: (cpuSeconds(engine.pid) - before) * share,
        })
      }
      const order = round % 2 === 0 ? [direct, viaFleetgrid] : [viaFleetgrid, direct]
      for (const measure of order) await measure()
    }
    await addLatency(what, run('latency-'))
  } finally {
    await engine.stop()
  }
}

/**
 * Whoever comes while OpenSearch still compiles pays for it: its first loads cost several times the
 * CPU of later ones. So it is loaded until that falls no more.
 */
async function warmUpEngine({ url, pid }: Engine, bulks: readonly Bulk[]): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let load = 1; load <= WARM_UP_LOADS_MAX; load += 1) {
    const before = cpuSeconds(pid)
    await loadBulks(url, `warm-up-${load}-`, bulks)
    const used = ((cpuSeconds(pid) - before) / (messages + WARM_UP)) * 100_000
    console.error(`warming up: OpenSearch used ${used.toFixed(1)} CPU s per 100,000`)
    if (load >= WARM_UP_LOADS_MIN && used > least * STEADY) return
    least = Math.min(least, used)
  }
}

/** What Fleetgrid sends for the same messages, those of the warm-up included. */
function captureBulks(): Promise<Bulk[]> {
  return withNullSink(async (sink) => {
    await fetch(`${sink.url}/bench?capture=1`, { method: 'POST' })
    await measureBacklog(runOf(fleetgrid(), sink))
    const answer = await fetch(`${sink.url}/bench?take=1`, { method: 'POST' })
    return ((await answer.json()) as { bulks: Bulk[] }).bulks
  })
}

async function withNullSink<T>(use: (sink: NullSink) => Promise<T>): Promise<T> {
  const sink = await startNullSink()
  try {
    return await use(sink)
  } finally {
    await sink.stop()
  }
}

function runOf(start: StartContestant, sink: Run['sink']): Run {
  return { folder, start, sink, messages, vehicles }
}

function addThroughput(what: string, phase: string, round: number, measured: Figures): void {
  const { seconds, publishSeconds, peakMemoryMb, sinkCpuSeconds } = measured
  throughput.push({
    round,
    what,
    phase,
    'messages/s': Math.round(messages / seconds),
    ...(publishSeconds === undefined
      ? {}
      : { 'published/s': Math.round(messages / publishSeconds) }),
    'CPU s/100k': (measured.cpuSeconds / messages) * 100_000,
    ...(sinkCpuSeconds === undefined
      ? {}
      : { 'OpenSearch CPU s/100k': (sinkCpuSeconds / messages) * 100_000 }),
    ...(peakMemoryMb === undefined ? {} : { 'peak MB': Math.round(peakMemoryMb) }),
  })
}

async function addLatency(what: string, run: Run): Promise<void> {
  const rate = Number(values.rate)
  const count = rate * Number(values['rate-seconds'])
  if (count === 0) return
  const measured = await measureLatency({ ...run, messages: count }, rate)
  latency.push({
    what,
    'published/s': Math.round(count / measured.publishSeconds),
    'p50 ms': measured.p50Ms,
    'p99 ms': measured.p99Ms,
    'max ms': measured.maxMs,
    'CPU s/100k': (measured.cpuSeconds / count) * 100_000,
    'peak MB': Math.round(measured.peakMemoryMb),
  })
}

function tell(): void {
  report(`MQTT → OpenSearch: ${messages} cardata, ${vehicles} vehicles`, throughput)
  const [rate, cpu] = ['messages/s', 'CPU s/100k']
  for (const phase of phases) {
    const fleetgrid = { what: 'Fleetgrid → null', phase }
    const telegraf = { what: 'Telegraf → null', phase }
    const forwarder = { what: 'bare forwarder → null', phase }
    const engine = { what: 'Fleetgrid → OpenSearch', phase }
    compare(throughput, rate, fleetgrid, forwarder, '≥ 0.50')
    compare(throughput, rate, fleetgrid, telegraf, '> 1')
    compare(throughput, cpu, fleetgrid, telegraf, '< 0.50')
    compare(throughput, rate, engine, { what: 'bare loader → OpenSearch' }, '≥ 0.80')
  }
  if (latency.length === 0) return
  report(`publish → PUBACK at ${values.rate} messages/s for ${values['rate-seconds']} s`, latency)
}
