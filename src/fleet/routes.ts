import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireRole } from '../http/authenticate.ts'
import type { FleetIndex } from '../ports/fleet-index.ts'
import { createFleetQueries } from './fleet-queries.ts'
import { historyRoutes } from './history-routes.ts'
import type { LiveVehicles } from './live-vehicles.ts'
import { AggregateQuery, FilterQuery, HistoryQuery, LookupQuery } from './query-schemas.ts'
import { streamRoute } from './stream-route.ts'
import { vehicleRoutes } from './vehicle-routes.ts'
import { Cluster, DetailedVehicle, Facets, Vehicle } from './vehicle-schemas.ts'

// What passes through here: GET /vehicles/… → token with the role viewer → schema → handler →
// fleet-queries → fleet index. Paths and shapes are the original's (reference §1.9).

export interface FleetRoutesOptions {
  readonly index: FleetIndex
  readonly live: LiveVehicles
  readonly clustersMax: number
}

/** Shown once in the OpenAPI document, by their names. */
const NAMED_SCHEMAS = [
  Vehicle,
  DetailedVehicle,
  Facets,
  Cluster,
  AggregateQuery,
  FilterQuery,
  LookupQuery,
  HistoryQuery,
]

export const fleetRoutes: FastifyPluginAsyncTypebox<FleetRoutesOptions> = async (app, options) => {
  const queries = createFleetQueries(options.index, options.clustersMax)
  requireRole(app, 'viewer')
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema)
  await app.register(vehicleRoutes, { queries })
  await app.register(historyRoutes, { queries })
  await app.register(streamRoute, { live: options.live })
}
