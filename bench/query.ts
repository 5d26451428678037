import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmbeddedFleetIndex } from '../src/adapters/fleet-index/embedded.ts'
import { parseBoundingBox } from '../src/domain/bounding-box.ts'
import { precisionForZoom } from '../src/domain/geotile.ts'
import { EVERY_VEHICLE, type FleetIndex } from '../src/ports/fleet-index.ts'
import { startOpenSearch } from '../test/engines/opensearch.ts'
import { fillFleet } from './lib/fleet.ts'
import { percentile } from './lib/process-stats.ts'
import { measureOpenSearch } from './lib/query-opensearch.ts'
import { report } from './lib/report.ts'
import { type BenchServer, startServer } from './lib/server.ts'
import { type Box, viewOf } from './lib/views.ts'

// GET /vehicles/aggregate from another process, beside the same question put to the index directly.
//   ENGINE=embedded    100,000 vehicles; also the event-loop delay of the service meanwhile
//   ENGINE=opensearch  1,000,000 vehicles in an OpenSearch of its own, or in that of OPENSEARCH_URL,
//                      where they stay for the next run below OPENSEARCH_INDEX_PREFIX; --view streets
//                      asks for that one only.
// VEHICLES and REQUESTS say how many: with fewer than some hundred a p99 is only the slowest.

const { ENGINE = 'embedded', VEHICLES, REQUESTS } = process.env
const isEmbedded = ENGINE === 'embedded'
const { values } = parseArgs({
  options: {
    vehicles: { type: 'string', default: VEHICLES ?? (isEmbedded ? '100000' : '1000000') },
    requests: { type: 'string', default: REQUESTS ?? (isEmbedded ? '400' : '300') },
    view: { type: 'string', default: '' },
  },
})
const CALLERS = [1, 20]

interface Question {
  readonly zoom: number
  readonly box: Box
}

const questions: Question[] = [3, 8, 14].map((zoom) => ({ zoom, box: viewOf(zoom) }))

if (isEmbedded) await measureEmbedded()
else {
  const [vehicles, requests] = [Number(values.vehicles), Number(values.requests)]
  await withOpenSearch(() => measureOpenSearch(vehicles, requests, values.view))
}

/** In the one of OPENSEARCH_URL, or one of its own for this run. */
async function withOpenSearch(measure: () => Promise<void>): Promise<void> {
  if (process.env['OPENSEARCH_URL'] !== undefined) return measure()
  const folder = mkdtempSync(join(tmpdir(), 'fleetgrid-bench-'))
  const engine = await startOpenSearch({ folder, heapMb: 2048, purpose: 'measurements' })
  process.env['OPENSEARCH_URL'] = engine.url
  try {
    await measure()
  } finally {
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureEmbedded(): Promise<void> {
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
