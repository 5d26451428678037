import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { bootstrap } from '../../src/adapters/fleet-index/opensearch/bootstrap.ts'
import {
  type EngineAnswer,
  EngineClient,
  type EngineRequest,
} from '../../src/adapters/fleet-index/opensearch/client.ts'
import { IndexNames } from '../../src/adapters/fleet-index/opensearch/index-names.ts'
import { MAPPING_VERSION } from '../../src/adapters/fleet-index/opensearch/mappings.ts'
import { OpenSearchReader } from '../../src/adapters/fleet-index/opensearch/query/reader.ts'
import { vehicleQuery } from '../../src/adapters/fleet-index/opensearch/query/vehicle-query.ts'
import { parseBoundingBox } from '../../src/domain/bounding-box.ts'
import { precisionForZoom } from '../../src/domain/geotile.ts'
import { EVERY_VEHICLE, type VehicleFilter } from '../../src/ports/fleet-index.ts'
import { benchConfig } from './opensearch-config.ts'
import { loadFleet } from './opensearch-fleet.ts'
import { percentile } from './process-stats.ts'
import { report } from './report.ts'
import { type Box, shifted, viewOf } from './views.ts'

// GET /vehicles/aggregate over HTTP, beside the very request that it sends to OpenSearch sent there
// directly, and beside the original's aggregation: in turns, each time of a map that lies a little
// elsewhere, so that no cache answers.

interface Question {
  readonly name: string
  readonly zoom: number
  readonly filters?: object
  readonly filter?: Partial<VehicleFilter>
}

const QUESTIONS: readonly Question[] = [
  { name: 'continent, zoom 3', zoom: 3 },
  {
    name: 'continent, one make of seven',
    zoom: 3,
    filters: { vehicle: { make: ['MAKE3'] } },
    filter: { makes: ['MAKE3'] },
  },
  {
    name: 'continent, with a trouble code',
    zoom: 3,
    filters: { troubleCodes: ['P0301'] },
    filter: { troubleCodes: ['P0301'] },
  },
  { name: 'region, zoom 8', zoom: 8 },
  { name: 'city, zoom 11', zoom: 11 },
  { name: 'streets, zoom 14', zoom: 14 },
]
const CLUSTERS_MAX = 2500
const PAGE_LIMIT = 20
const WARM_UP = 15
/** Rounds: nothing is promised of it, so it need not be known so well. */
const ORIGINAL_EVERY = 4

/** The last search that the adapter sent. */
class WatchedClient extends EngineClient {
  search: EngineRequest | undefined

  override request<T>(request: EngineRequest): Promise<EngineAnswer<T>> {
    const { aggs } = (request.body ?? {}) as { aggs?: { tiles?: object } }
    if (aggs?.tiles !== undefined) this.search = request
    return super.request(request)
  }
}

/** @param view part of the names of the questions to ask */
export async function measureOpenSearch(
  vehicles: number,
  requests: number,
  view: string,
): Promise<void> {
  const config = benchConfig()
  const names = new IndexNames(config)
  const client = new WatchedClient(config)
  await client.open()
  await bootstrap({ client, names, config, mappingVersion: MAPPING_VERSION })
  if ((await count(client, names)) !== vehicles) {
    console.error(`filling ${names.alias('latest_telemetry')} with ${vehicles} vehicles …`)
    await loadFleet(client, names, vehicles)
  }
  const reader = new OpenSearchReader(client, names)
  const service = await startService()
  const rows: Record<string, string | number>[] = []
  for (const question of QUESTIONS.filter(({ name }) => name.includes(view))) {
    const ways = {
      http: (box: Box) => askService(service, question, box),
      direct: (box: Box) => askDirectly(config.url, direct, question, box),
      original: (box: Box) => askDirectly(config.url, original, question, box),
    }
    await reader.aggregateVehicles(portQuery(question, viewOf(question.zoom)))
    const known = await reader.aggregateVehicles(portQuery(question, viewOf(question.zoom)))
    const direct = searchOf(client)
    const original = originalOf(direct, known.clusters[0]?.precision ?? 0)
    const times = await inTurns(ways, viewOf(question.zoom), requests)
    rows.push(rowOf(question, known.vehicleCount, known.clusters.length, times))
  }
  service.stop()
  await client.close()
  report(`aggregate over ${vehicles} vehicles in OpenSearch, ${requests} requests each`, rows)
}

type Way = 'http' | 'direct' | 'original'
type Times = Record<Way, Float64Array>

async function inTurns(
  ways: Record<Way, (box: Box) => Promise<unknown>>,
  view: Box,
  requests: number,
): Promise<Times> {
  const times: Record<Way, number[]> = { http: [], direct: [], original: [] }
  const names = Object.keys(times) as Way[]
  for (let round = -WARM_UP; round < requests; round += 1) {
    // Who comes first changes, and nobody sees a map that another has seen.
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + WARM_UP + turn) % names.length] ?? 'http'
      if (name === 'original' && round % ORIGINAL_EVERY !== 0) continue
      const box = shifted(view, (round + WARM_UP) * names.length + turn)
      const startedAt = performance.now()
      await ways[name](box)
      if (round >= 0) times[name].push(performance.now() - startedAt)
    }
  }
  const sorted = (name: Way): Float64Array => Float64Array.from(times[name]).sort()
  return { http: sorted('http'), direct: sorted('direct'), original: sorted('original') }
}

function rowOf({ name }: Question, found: number, clusters: number, times: Times) {
  const at = (way: Way, fraction: number): number => percentile(times[way], fraction)
  return {
    what: name,
    found,
    clusters,
    'p50 ms': at('http', 0.5),
    'p99 ms': at('http', 0.99),
    'direct p50 ms': at('direct', 0.5),
    'direct p99 ms': at('direct', 0.99),
    'p50 ratio': at('http', 0.5) / at('direct', 0.5),
    'p99 ratio': at('http', 0.99) / at('direct', 0.99),
    'original p50 ms': at('original', 0.5),
    'original p99 ms': at('original', 0.99),
  }
}

function filterOf({ filter = {} }: Question, box: Box): VehicleFilter {
  return { ...EVERY_VEHICLE, ...filter, boundaries: parseBoundingBox(box, 'box') }
}

function portQuery(question: Question, box: Box) {
  return {
    filter: filterOf(question, box),
    precision: precisionForZoom(question.zoom),
    maxClusters: CLUSTERS_MAX,
    page: { after: 0, limit: PAGE_LIMIT },
  }
}

interface Search {
  readonly path: string
  readonly body: object
}

function searchOf({ search }: WatchedClient): Search {
  if (search === undefined) throw new Error('the adapter did not search')
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(search.query ?? {})) {
    parameters.set(name, String(value))
  }
  return { path: `${search.path}?${parameters}`, body: search.body as object }
}

/** Clusters as the original asks for them: bounds and centroid of each tile (reference §2). */
function originalOf({ path }: Search, precision: number): Search {
  const field = 'fleetgrid.position'
  const aggs = {
    tiles: {
      geotile_grid: { field, precision, size: 10_000 },
      aggs: { bounds: { geo_bounds: { field } }, centroid: { geo_centroid: { field } } },
    },
  }
  return { path, body: { size: 0, track_total_hits: true, aggs } }
}

async function askDirectly(url: string, search: Search, question: Question, box: Box) {
  const query = vehicleQuery(filterOf(question, box), true)
  const answer = await fetch(`${url}${search.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...search.body, query }),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  await answer.json()
}

interface Service {
  readonly http: string
  readonly token: string
  stop(): void
}

async function startService(): Promise<Service> {
  const script = new URL('./query-service.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as unknown[]
  if (typeof line !== 'string') throw new Error(`the service ended with ${line}`)
  const { http, token } = JSON.parse(line) as { http: string; token: string }
  return { http, token, stop: () => child.kill('SIGTERM') }
}

async function askService({ http, token }: Service, { zoom, filters }: Question, box: Box) {
  const query = {
    filters: { ...filters, boundaries: [box] },
    pagination: { offset: 0, maxResults: PAGE_LIMIT },
    clusters: { zoom },
  }
  const url = `${http}/vehicles/aggregate?filters=${encodeURIComponent(JSON.stringify(query))}`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  await answer.json()
}

async function count(client: EngineClient, names: IndexNames): Promise<number> {
  const path = `/${names.alias('latest_telemetry')}/_count`
  return (await client.request<{ readonly count: number }>({ method: 'GET', path })).body.count
}
