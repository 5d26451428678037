import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND } from '../http/schemas.ts'
import type { FleetQueries } from './fleet-queries.ts'
import {
  AnomaliesAnswer,
  EventsAnswer,
  RouteAnswer,
  TripsAnswer,
  TroubleCodesAnswer,
} from './history-schemas.ts'
import { createQueryParser } from './parse-query.ts'
import { filtersParameter, HistoryQuery, UnitsParameter, VinParameter } from './query-schemas.ts'

const COMMON = { tags: ['history'], security: BEARER }
const strict = { additionalProperties: false }
const TRIP_ID_LENGTH_MAX = 256

const parseHistoryQuery = createQueryParser(HistoryQuery)

export const historyRoutes: FastifyPluginAsyncTypebox<{ queries: FleetQueries }> = async (
  app,
  { queries },
) => {
  app.get('/vehicles/:vin/trips', { schema: tripsSchema }, (request) => {
    const { filters = '{}', units = 'imperial' } = request.query
    return queries.trips(request.params.vin, parseHistoryQuery(filters), units)
  })

  app.get('/vehicles/:vin/events', { schema: eventsSchema }, (request) => {
    const { filters = '{}' } = request.query
    return queries.events(request.params.vin, parseHistoryQuery(filters))
  })

  app.get('/vehicles/:vin/trouble-codes', { schema: troubleCodesSchema }, async (request) => ({
    troubleCodes: await queries.troubleCodes(request.params.vin),
  }))

  app.get('/vehicles/:vin/anomalies', { schema: anomaliesSchema }, async (request) => ({
    anomalies: await queries.anomalies(request.params.vin),
  }))

  app.get('/vehicles/route/:tripId', { schema: routeSchema }, (request) =>
    queries.route(request.params.tripId),
  )
}

const historyParameter = Type.Optional(filtersParameter(HistoryQuery))

const tripsSchema = {
  ...COMMON,
  operationId: 'listTrips',
  summary: 'Trips of one vehicle, newest first',
  description: 'An unknown vehicle has an empty list, as in the original.',
  params: VinParameter,
  querystring: Type.Object({ filters: historyParameter, units: UnitsParameter }, strict),
  response: { 200: TripsAnswer, ...COMMON_PROBLEMS },
}

const eventsSchema = {
  ...COMMON,
  operationId: 'listEvents',
  summary: 'Events of one vehicle, newest first',
  description: 'An unknown vehicle has an empty list, as in the original.',
  params: VinParameter,
  querystring: Type.Object({ filters: historyParameter }, strict),
  response: { 200: EventsAnswer, ...COMMON_PROBLEMS },
}

const troubleCodesSchema = {
  ...COMMON,
  operationId: 'listTroubleCodes',
  summary: 'Every trouble code that one vehicle had, with its life',
  params: VinParameter,
  querystring: Type.Object({}, strict),
  response: { 200: TroubleCodesAnswer, ...COMMON_PROBLEMS },
}

const anomaliesSchema = {
  ...COMMON,
  operationId: 'listAnomalies',
  summary: 'Every type of anomaly that one vehicle had, with its life',
  params: VinParameter,
  querystring: Type.Object({}, strict),
  response: { 200: AnomaliesAnswer, ...COMMON_PROBLEMS },
}

const routeSchema = {
  ...COMMON,
  operationId: 'getRoute',
  summary: 'The way that a trip took',
  description:
    '404 “No Trip data…” for an unknown trip, “No Route data” for one without a position.',
  params: Type.Object({
    tripId: Type.String({
      minLength: 1,
      maxLength: TRIP_ID_LENGTH_MAX,
      examples: ['D7SJG5oY6'],
    }),
  }),
  querystring: Type.Object({}, strict),
  response: { 200: RouteAnswer, ...COMMON_PROBLEMS, ...NOT_FOUND },
}
