import { randomUUID } from 'node:crypto'
import type { FleetChange } from '../src/ports/fleet-index.ts'
import { applyMessage } from '../src/telemetry/apply-message.ts'
import { decodeMessage } from '../src/telemetry/decode-message.ts'
import { Registry } from '../src/telemetry/registry.ts'
import { cardataPayload } from './lib/cardata.ts'
import { CONCURRENCY, SCHEMES, type Scheme, type Write } from './lib/index-schemes.ts'
import { benchConfig } from './lib/opensearch-config.ts'
import { cpuSeconds } from './lib/process-stats.ts'
import { report } from './lib/report.ts'

// Ways to keep latest_telemetry right, on the OpenSearch of OPENSEARCH_URL (ADR 0007). Each writes the
// same messages: a history record and the vehicle's latest document, both durable before the next.

const VEHICLES = Number(process.env['VEHICLES'] ?? 10_000)
const MESSAGES = Number(process.env['MESSAGES'] ?? 60_000)
const ROUNDS = Number(process.env['ROUNDS'] ?? 3)
/** Part of a scheme's name. */
const ONLY = process.env['ONLY'] ?? ''
const BATCH = 1000
const START = Date.now() - 3_600_000

const changes = makeChanges()
const rates = new Map<string, Result[]>()
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, scheme] of Object.entries(SCHEMES)) {
    if (!name.includes(ONLY)) continue
    const result = await measure(scheme)
    rates.set(name, [...(rates.get(name) ?? []), result])
  }
}
const rows = [...rates].map(([scheme, results]) => {
  const median = (pick: (result: Result) => number): number =>
    results.map(pick).sort((left, right) => left - right)[results.length >> 1] ?? 0
  return {
    scheme,
    'messages/s': Math.round(median((result) => result.perSecond)),
    'CPU s per 100,000': median((result) => result.cpu),
    "OpenSearch's CPU s": median((result) => result.engineCpu),
  }
})
report(`latest_telemetry: ${MESSAGES} messages of ${VEHICLES} vehicles, median of ${ROUNDS}`, rows)

interface Result {
  readonly perSecond: number
  /** CPU seconds per 100,000 messages, of this process and of OpenSearch. */
  readonly cpu: number
  readonly engineCpu: number
}

async function engineCpuSeconds(): Promise<number> {
  type Stats = { nodes: Record<string, { process: { cpu: { total_in_millis: number } } }> }
  const answer = await fetch(`${benchConfig().url}/_nodes/stats/process`)
  const { nodes } = (await answer.json()) as Stats
  return (
    Object.values(nodes).reduce((sum, node) => sum + node.process.cpu.total_in_millis, 0) / 1000
  )
}

async function measure(scheme: Scheme): Promise<Result> {
  const prefix = `bench-schemes-${randomUUID().slice(0, 8)}-`
  const { writers, close } = await scheme(prefix)
  // Every vehicle is known before the clock starts.
  await run(writers, changes.slice(0, VEHICLES))
  const startedAt = performance.now()
  const cpuBefore = cpuSeconds(process.pid)
  const engineBefore = await engineCpuSeconds()
  await run(writers, changes.slice(VEHICLES))
  const seconds = (performance.now() - startedAt) / 1000
  const per = 100_000 / MESSAGES
  const cpu = (cpuSeconds(process.pid) - cpuBefore) * per
  const engineCpu = ((await engineCpuSeconds()) - engineBefore) * per
  await close()
  const config = benchConfig()
  await fetch(`${config.url}/${prefix}*`, { method: 'DELETE' })
  for (const kind of ['_index_template', '_component_template']) {
    await fetch(`${config.url}/${kind}/${prefix}*`, { method: 'DELETE' })
  }
  return { perSecond: MESSAGES / seconds, cpu, engineCpu }
}

/** As a shared subscription spreads them: at random, but alike in every round. */
function writerOf(message: number, writers: number): number {
  return (Math.imul(message + 1, 0x9e3779b1) >>> 16) % writers
}

async function run(writers: readonly Write[], all: readonly FleetChange[]): Promise<void> {
  const lanes = writers.flatMap((write, number) => {
    const mine = all.filter((_, index) => writerOf(index, writers.length) === number)
    let next = 0
    return Array.from({ length: Math.ceil(CONCURRENCY / writers.length) }, async () => {
      while (next < mine.length) {
        next += BATCH
        await write(mine.slice(next - BATCH, next))
      }
    })
  })
  await Promise.all(lanes)
}

/** One message of each vehicle, then rounds of all of them. */
function makeChanges(): FleetChange[] {
  const limits = { vehiclesMax: VEHICLES, devicesMax: 1, oilTemperatureLimitF: undefined }
  const registry = new Registry(limits)
  const options = { receivedAt: Date.now(), clockSkewToleranceMs: 1e12 }
  return Array.from({ length: VEHICLES + MESSAGES }, (_, number) => {
    const vehicle = (number * 7919) % VEHICLES
    const payload = cardataPayload(vehicle, START + number * 20, number)
    const about = { family: 'cardata' as const, payload, receivedAt: options.receivedAt }
    const decoded = decodeMessage({ ...about, sizeMaxBytes: 65_536 })
    if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('not usable')
    return applyMessage(registry, decoded.message, { ...options, oilTemperatureLimitF: undefined })
      .change
  })
}
