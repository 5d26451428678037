import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { cpuSeconds, peakMemoryMb } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { startServer } from './lib/server.ts'

// MQTT publish (QoS 1) → PUBACK with the durable default, clients in another process, beside the
// same documents written straight to the embedded adapter. Both in one run, one after the other.
// A message can be queried before its PUBACK is sent, so the latencies bound send → queryable.

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    vehicles: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '50' },
    'in-flight': { type: 'string', default: '40' },
    rounds: { type: 'string', default: '3' },
  },
})
const messages = Number(values.messages)

interface ChildResult {
  readonly messages: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly peakMemoryMb: number
}

function runChild(script: string, args: Record<string, string | number>): Promise<ChildResult> {
  const flags = Object.entries(args).flatMap(([key, value]) => [`--${key}`, String(value)])
  const child = fork(new URL(script, import.meta.url), flags)
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as ChildResult))
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)))
  })
}

const rows: Record<string, string | number>[] = []
const ratios: number[] = []
for (let round = 1; round <= Number(values.rounds); round += 1) {
  const direct = await runChild('./ingest-direct.ts', { messages, vehicles: values.vehicles })
  rows.push(row('direct adapter', round, direct, direct.cpuSeconds, direct.peakMemoryMb))
  const server = await startServer()
  try {
    const load = { port: server.mqttPort, vehicles: values.vehicles }
    const window = { connections: values.connections, 'in-flight': values['in-flight'] }
    // Compiles the hot path, as a service that runs for days has it.
    await runChild('./ingest-client.ts', { ...load, ...window, messages: 20_000, start: 1e9 })
    const before = cpuSeconds(server.pid)
    const mqtt = await runChild('./ingest-client.ts', { ...load, ...window, messages })
    const used = cpuSeconds(server.pid) - before
    rows.push(row('MQTT → PUBACK, saturated', round, mqtt, used, peakMemoryMb(server.pid)))
    const quiet = { connections: 10, 'in-flight': 1, messages: 5000, start: 2e9 }
    const calm = await runChild('./ingest-client.ts', { ...load, ...quiet })
    rows.push(
      row(
        'MQTT → PUBACK, 10 in flight',
        round,
        calm,
        cpuSeconds(server.pid) - before - used,
        peakMemoryMb(server.pid),
      ),
    )
    ratios.push(mqtt.messages / mqtt.seconds / (direct.messages / direct.seconds))
  } finally {
    await server.stop()
  }
}
report(`ingest: ${messages} cardata of ~800 bytes, ${values.vehicles} vehicles`, rows)
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0
console.log(
  `ratio MQTT/direct: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}, median ${median.toFixed(2)} (target ≥ 0.50)`,
)

function row(what: string, round: number, result: ChildResult, cpu: number, memory: number) {
  const { p50Ms, p99Ms } = result
  return {
    round,
    what,
    'messages/s': Math.round(result.messages / result.seconds),
    ...(p50Ms === undefined || p99Ms === undefined ? {} : { 'p50 ms': p50Ms, 'p99 ms': p99Ms }),
    'CPU s/100k': (cpu / result.messages) * 100_000,
    'peak MB': Math.round(memory),
  }
}
