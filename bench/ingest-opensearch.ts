import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'
import type { Engine } from '../test/engines/engine.ts'
import { startMosquitto } from '../test/engines/mosquitto.ts'
import { startOpenSearch } from '../test/engines/opensearch.ts'
import { type Bulk, loadBulks } from './lib/bulk-loader.ts'
import { cpuSeconds, peakMemoryMb } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { startServer } from './lib/server.ts'

// Mosquitto → Fleetgrid → a sink that stores nothing, beside a bare forwarder; then → OpenSearch,
// beside a bare loader of the bulks that Fleetgrid sent. All in one run, one after the other in each
// round. A contestant stands still (SIGSTOP) while the messages are queued at the broker, so that
// what is measured is how fast it takes, stores and acknowledges them.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '10' },
    'in-flight': { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    'null-only': { type: 'boolean', default: false },
  },
})
const messages = Number(values.messages)
/** Compiles the hot path, as a service that runs for days has it. */
const WARM_UP = 20_000
const POLL_MS = 10

interface Contestant {
  readonly pid: number
  stop(): Promise<void>
}

interface Sink {
  readonly url: string
  /** Messages that it has in all. */
  count(): Promise<number>
}

const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })]
const rows: Record<string, string | number>[] = []
try {
  await main()
} finally {
  for (const close of closers.toReversed()) await close()
}

async function main(): Promise<void> {
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    await measure('bare forwarder → null', round, await startNullSink(), startForwarder)
    await measure('Fleetgrid → null', round, await startNullSink(), startFleetgrid)
  }
  if (!values['null-only']) await measureEngine()
  report(`MQTT → OpenSearch: ${messages} cardata, ${values.vehicles} vehicles`, rows)
  compare('Fleetgrid → null', 'bare forwarder → null', '≥ 0.50')
  if (!values['null-only']) compare('Fleetgrid → OpenSearch', 'bare loader → OpenSearch', '≥ 0.80')
}

async function measureEngine(): Promise<void> {
  const bulks = await captureBulks()
  const engine = await startOpenSearch({
    folder: join(folder, 'opensearch'),
    purpose: 'measurements',
  })
  closers.push(() => engine.stop())
  // The engine compiles too: whoever came first would pay for it.
  await loadBulks(engine.url, 'warm-up-', bulks)
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const prefix = `round-${round}-`
    const viaFleetgrid = () =>
      measure('Fleetgrid → OpenSearch', round, engineSink(engine, prefix), (url, sink) =>
        startFleetgrid(url, sink, { OPENSEARCH_INDEX_PREFIX: prefix }),
      )
    const direct = async () => {
      const { seconds, cpu } = await loadBulks(engine.url, `loader-${round}-`, bulks)
      const share = messages / (messages + WARM_UP)
      rows.push(row('bare loader → OpenSearch', round, seconds * share, cpu * share, 0))
    }
    const order = round % 2 === 0 ? [direct, viaFleetgrid] : [viaFleetgrid, direct]
    for (const run of order) await run()
  }
}

/** What Fleetgrid sends for the same messages, those of the warm-up included. */
async function captureBulks(): Promise<Bulk[]> {
  const sink = await startNullSink()
  await fetch(`${sink.url}/bench?capture=1`, { method: 'POST' })
  await measure('Fleetgrid → null, captured', 0, sink, startFleetgrid)
  const answer = await fetch(`${sink.url}/bench?take=1`, { method: 'POST' })
  return ((await answer.json()) as { bulks: Bulk[] }).bulks
}

async function measure(
  what: string,
  round: number,
  sink: Sink,
  start: (mqttUrl: string, sink: Sink) => Promise<Contestant>,
): Promise<void> {
  const broker = await startMosquitto({ folder: await mkdtemp(join(folder, 'mosquitto-')) })
  const contestant = await start(broker.url, sink)
  try {
    await publish(broker, WARM_UP, 1e9)
    await reaches(sink, WARM_UP)
    const before = await sink.count()
    process.kill(contestant.pid, 'SIGSTOP')
    await publish(broker, messages, 0)
    const cpuBefore = cpuSeconds(contestant.pid)
    const startedAt = performance.now()
    process.kill(contestant.pid, 'SIGCONT')
    await reaches(sink, before + messages)
    const seconds = (performance.now() - startedAt) / 1000
    const cpu = cpuSeconds(contestant.pid) - cpuBefore
    rows.push(row(what, round, seconds, cpu, peakMemoryMb(contestant.pid)))
  } finally {
    await contestant.stop()
    await broker.stop()
  }
}

async function reaches(sink: Sink, count: number): Promise<void> {
  const endsAt = Date.now() + 300_000
  while ((await sink.count()) < count) {
    if (Date.now() > endsAt) throw new Error(`the sink has ${await sink.count()} of ${count}`)
    await pause(POLL_MS)
  }
}

async function publish({ port }: Engine, count: number, start: number): Promise<void> {
  const flags = { port, messages: count, vehicles: values.vehicles, connections: 8, start }
  const args = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, String(value)])
  const child = fork(new URL('./ingest-client.ts', import.meta.url), args)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the publisher ended with ${code}`)
}

async function startFleetgrid(
  mqttUrl: string,
  sink: Sink,
  env: Record<string, string> = {},
): Promise<Contestant> {
  return startServer({
    TELEMETRY_FEED: 'mqtt',
    MQTT_URL: mqttUrl,
    MQTT_CONNECTIONS: values.connections,
    MQTT_UNACKNOWLEDGED_MAX: values['in-flight'],
    MQTT_PLATFORM_EVENTS: 'off',
    FLEET_INDEX: 'opensearch',
    OPENSEARCH_URL: sink.url,
    OPENSEARCH_REPLICAS: '0',
    ...env,
  })
}

async function startForwarder(mqttUrl: string, sink: Sink): Promise<Contestant> {
  const client = await connectAsync(mqttUrl, {
    protocolVersion: 5,
    clean: false,
    clientId: 'bare-1',
    properties: { sessionExpiryInterval: 3600 },
  })
  await client.subscribeAsync('$share/bare/dt/cvra/+/cardata', { qos: 1 })
  await client.endAsync()
  const args = ['bench/lib/bare-forwarder.ts', '--mqtt', mqttUrl, '--sink', sink.url]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, stop: () => end(child) }
}

async function startNullSink(): Promise<Sink> {
  const child = spawn(process.execPath, ['bench/lib/null-opensearch.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closers.push(() => end(child))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = line.toString('utf8').trim()
  const count = async (): Promise<number> => {
    const answer = (await (await fetch(`${url}/bench`)).json()) as { created: number }
    return answer.created
  }
  return { url, count }
}

/** Counts what was indexed without waiting for a refresh. */
function engineSink({ url }: Engine, prefix: string): Sink {
  const count = async (): Promise<number> => {
    const answer = await fetch(`${url}/${prefix}cardata*/_stats/indexing?filter_path=_all`)
    const body = (await answer.json()) as {
      _all?: { primaries?: { indexing?: { index_total: number } } }
    }
    return body._all?.primaries?.indexing?.index_total ?? 0
  }
  return { url, count }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

function row(what: string, round: number, seconds: number, cpu: number, memory: number) {
  return {
    round,
    what,
    'messages/s': Math.round(messages / seconds),
    'CPU s/100k': (cpu / messages) * 100_000,
    'peak MB': Math.round(memory),
  }
}

function compare(what: string, beside: string, target: string): void {
  const rates = (name: string): number[] =>
    rows.filter((one) => one['what'] === name).map((one) => Number(one['messages/s']))
  const others = rates(beside)
  const ratios = rates(what).map((rate, at) => rate / (others[at] ?? Number.NaN))
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ')
  console.log(`${what} / ${beside}: ${each}, median ${median.toFixed(2)} (target ${target})`)
}
