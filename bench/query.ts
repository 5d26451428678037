import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmbeddedFleetIndex } from '../src/adapters/fleet-index/embedded.ts'
import { parseBoundingBox } from '../src/domain/bounding-box.ts'
import { precisionForZoom } from '../src/domain/geotile.ts'
import { EVERY_VEHICLE, type FleetIndex } from '../src/ports/fleet-index.ts'
import { CITY, fillFleet } from './lib/fleet.ts'
import { percentile } from './lib/process-stats.ts'
import { report } from './lib/report.ts'
import { type BenchServer, startServer } from './lib/server.ts'

// GET /vehicles/aggregate over 100,000 vehicles from another process, beside the same question put
// to the adapter directly, and the event-loop delay of the service meanwhile.

const { values } = parseArgs({
  options: {
    vehicles: { type: 'string', default: '100000' },
    requests: { type: 'string', default: '400' },
  },
})
const CALLERS = [1, 20]

interface Question {
  readonly zoom: number
  /** What a map of 1,600 × 900 points shows at that zoom. */
  readonly box: readonly [number, number, number, number]
}

const questions: Question[] = [3, 8, 14].map((zoom) => ({ zoom, box: viewOf(zoom) }))

const dataDir = mkdtempSync(join(tmpdir(), 'fleetgrid-query-'))
try {
  console.error(`filling the index with ${values.vehicles} vehicles …`)
  const index = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir, sizeMaxBytes: 20e9 })
  await index.open()
  await fillFleet(index, Number(values.vehicles))
  const direct = await measureAll((question) => askDirectly(index, question))
  await index.close()
  const server = await startServer({ DATA_DIR: dataDir })
  const token = await server.token('viewer')
  const delays = new Map<string, number>()
  const http = await measureAll((question) => askOverHttp(server, token, question), {
    before: () => eventLoopDelayMs(server),
    after: async (name) => delays.set(name, await eventLoopDelayMs(server)),
  })
  await server.stop()
  const rows = [...http].map(([name, times]) => ({
    what: name,
    'p50 ms': percentile(times, 0.5),
    'p99 ms': percentile(times, 0.99),
    'direct p50 ms': percentile(direct.get(name) ?? times, 0.5),
    'direct p99 ms': percentile(direct.get(name) ?? times, 0.99),
    'loop delay p99 ms': delays.get(name) ?? 0,
  }))
  report(`aggregate over ${values.vehicles} vehicles, ${values.requests} requests each`, rows)
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

async function measureAll(
  ask: (question: Question) => Promise<unknown>,
  hooks?: { before(): Promise<unknown>; after(name: string): Promise<unknown> },
): Promise<Map<string, Float64Array>> {
  const results = new Map<string, Float64Array>()
  for (const question of questions) {
    for (const callers of CALLERS) {
      for (let warm = 0; warm < 20; warm += 1) await ask(question)
      const name = `zoom ${question.zoom}, ${callers} caller${callers > 1 ? 's' : ''}`
      await hooks?.before()
      results.set(name, await measure(callers, () => ask(question)))
      await hooks?.after(name)
    }
  }
  return results
}

async function measure(callers: number, ask: () => Promise<unknown>): Promise<Float64Array> {
  const times: number[] = []
  let left = Number(values.requests)
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const startedAt = performance.now()
      await ask()
      times.push(performance.now() - startedAt)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return Float64Array.from(times).sort()
}

function askDirectly(index: FleetIndex, { zoom, box }: Question): Promise<unknown> {
  return index.aggregateVehicles({
    filter: { ...EVERY_VEHICLE, boundaries: parseBoundingBox(box, 'box') },
    precision: precisionForZoom(zoom),
    maxClusters: 2500,
    page: { after: 0, limit: 20 },
  })
}

async function askOverHttp(server: BenchServer, token: string, { zoom, box }: Question) {
  const query = {
    filters: { boundaries: [box] },
    pagination: { offset: 0, maxResults: 20 },
    clusters: { zoom },
  }
  const url = `${server.http}/vehicles/aggregate?filters=${encodeURIComponent(JSON.stringify(query))}`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
}

async function eventLoopDelayMs(server: BenchServer): Promise<number> {
  const text = await (await fetch(`${server.http}/metrics`)).text()
  const line = /fleetgrid_event_loop_delay_seconds\{quantile="0\.99"\} (\S+)/.exec(text)
  return Number(line?.[1]) * 1000
}

function viewOf(zoom: number): [number, number, number, number] {
  const degrees = 360 / (256 * 2 ** zoom)
  const [longitude, latitude] = CITY
  const [width, height] = [Math.min(1600 * degrees, 359), Math.min(900 * degrees * 0.8, 160)]
  const clamp = (value: number): number => Math.max(-85, Math.min(85, value))
  return [
    longitude - width / 2,
    clamp(latitude - height / 2),
    longitude + width / 2,
    clamp(latitude + height / 2),
  ]
}
