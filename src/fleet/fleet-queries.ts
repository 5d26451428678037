import type { Readable } from 'node:stream'
import { type BoundingBox, WHOLE_WORLD } from '../domain/bounding-box.ts'
import { publicError } from '../domain/errors.ts'
import { precisionForZoom } from '../domain/geotile.ts'
import { normalizeVin } from '../domain/vin.ts'
import { createTurnstile } from '../lib/turnstile.ts'
import type { Aggregate, FleetIndex } from '../ports/fleet-index.ts'
import { encodeRoute } from './encode-route.ts'
import type { ConditionLife, EventsAnswer, TripsAnswer } from './history-schemas.ts'
import { toTimeRange, toVehicleFilter } from './parse-query.ts'
import type { AggregateQuery, FilterQuery, HistoryQuery } from './query-schemas.ts'
import { renderCluster } from './render-cluster.ts'
import { renderCondition, renderEvent, renderTrip } from './render-history.ts'
import { renderDetailedVehicle, renderVehicle } from './render-vehicle.ts'
import { streamVehicles } from './stream-vehicles.ts'
import type { Units } from './units.ts'
import type { AggregateAnswer, DetailedVehicle } from './vehicle-schemas.ts'

const FILTERED_VEHICLES_MAX = 10_000
const PAGE_SIZE = 20
const HISTORY_PAGE_SIZE = 40

/** What the vehicle routes ask: a checked query in, the original's answer out. */
export type FleetQueries = ReturnType<typeof createFleetQueries>

export function createFleetQueries(index: FleetIndex, clustersMax: number) {
  const ownTurn = createTurnstile()
  return {
    async aggregate(query: AggregateQuery, units: Units): Promise<AggregateAnswer> {
      const found = await aggregate(index, clustersMax, query)
      // Rendering and serialising thousands of clusters takes milliseconds.
      await ownTurn()
      return renderAggregate(found, query, units)
    },

    async filter(query: FilterQuery, units: Units): Promise<Readable> {
      const filter = toVehicleFilter(query.filters)
      return streamVehicles(await index.filterVehicles(filter, FILTERED_VEHICLES_MAX), units)
    },

    async lookup(boxes: readonly BoundingBox[], units: Units): Promise<DetailedVehicle> {
      const view = await index.lookupVehicle(boxes)
      if (view === undefined) throw publicError('not-found', 'No vehicle in this box')
      return renderDetailedVehicle(view, units)
    },

    async vehicle(vin: string, units: Units): Promise<DetailedVehicle> {
      const view = await index.latestVehicle(vinOf(vin))
      if (view === undefined) throw publicError('not-found', 'No Vehicle data')
      return renderDetailedVehicle(view, units)
    },

    async trips(vin: string, query: HistoryQuery, units: Units): Promise<TripsAnswer> {
      const { items, next = null } = await index.trips(historyQuery(vin, query))
      return { trips: items.map((document) => renderTrip(document, units)), offset: next }
    },

    async events(vin: string, query: HistoryQuery): Promise<EventsAnswer> {
      const { items, next = null } = await index.events(historyQuery(vin, query))
      return { events: items.map(renderEvent), offset: next }
    },

    async troubleCodes(vin: string): Promise<ConditionLife[]> {
      return (await index.troubleCodes(vinOf(vin))).map(renderCondition)
    },

    async anomalies(vin: string): Promise<ConditionLife[]> {
      return (await index.anomalies(vinOf(vin))).map(renderCondition)
    },

    async route(tripId: string): Promise<{ geometry: string }> {
      const positions = await index.route(tripId)
      if (positions === undefined) {
        throw publicError('not-found', 'No Trip data to request a Route')
      }
      if (positions.length === 0) throw publicError('not-found', 'No Route data')
      return { geometry: await encodeRoute(positions) }
    },
  }
}

function aggregate(
  index: FleetIndex,
  maxClusters: number,
  query: AggregateQuery,
): Promise<Aggregate> {
  const { offset = 0, maxResults = PAGE_SIZE } = query.pagination ?? {}
  const zoom = query.clusters?.zoom
  return index.aggregateVehicles({
    filter: toVehicleFilter(query.filters),
    ...(zoom === undefined ? {} : { precision: precisionForZoom(zoom) }),
    maxClusters,
    page: { after: offset, limit: maxResults },
  })
}

function renderAggregate(found: Aggregate, query: AggregateQuery, units: Units): AggregateAnswer {
  const { vehicleCount, facets, clusters, vehicles } = found
  if (vehicleCount === 0) return { vehicleCount: 0, vehicles: [], clusters: [], offset: null }
  const { boundaries } = toVehicleFilter(query.filters)
  const boxes = boundaries.length === 0 ? [WHOLE_WORLD] : boundaries
  return {
    vehicleCount,
    filters: {
      anomalies: [...facets.anomalies],
      troubleCodes: [...facets.troubleCodes],
    },
    vehicles: vehicles.items
      .map((view) => renderVehicle(view, units))
      .sort((left, right) => (left.vin < right.vin ? 1 : -1)),
    clusters: clusters.map((cluster) => renderCluster(cluster, boxes)),
    offset: vehicles.next ?? null,
  }
}

function historyQuery(vin: string, query: HistoryQuery) {
  const { offset = 0, maxResults = HISTORY_PAGE_SIZE } = query.pagination ?? {}
  return {
    vin: vinOf(vin),
    ...toTimeRange(query),
    page: { after: offset, limit: maxResults },
  }
}

/** The route's schema has checked it already; inside Fleetgrid there is one spelling. */
function vinOf(text: string): string {
  const vin = normalizeVin(text)
  if (vin === undefined) throw publicError('invalid', 'This is no VIN', { field: 'vin' })
  return vin
}
