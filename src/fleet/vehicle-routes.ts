import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { BoundingBox } from '../domain/bounding-box.ts'
import { publicError } from '../domain/errors.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../http/schemas.ts'
import type { FleetQueries } from './fleet-queries.ts'
import { createQueryParser, parseBboxText, toBoxes } from './parse-query.ts'
import {
  AggregateQuery,
  FilterQuery,
  filtersParameter,
  LookupQuery,
  UnitsParameter,
  VinParameter,
} from './query-schemas.ts'
import { AggregateAnswer, DetailedVehicle, FilterAnswer } from './vehicle-schemas.ts'

const COMMON = { tags: ['vehicles'], security: BEARER }
const strict = { additionalProperties: false }

const parseAggregateQuery = createQueryParser(AggregateQuery)
const parseFilterQuery = createQueryParser(FilterQuery)
const parseLookupQuery = createQueryParser(LookupQuery)

export const vehicleRoutes: FastifyPluginAsyncTypebox<{ queries: FleetQueries }> = async (
  app,
  { queries },
) => {
  app.get('/vehicles/aggregate', { schema: aggregateSchema }, (request) => {
    const { filters, units = 'imperial' } = request.query
    return queries.aggregate(parseAggregateQuery(filters), units)
  })

  app.get('/vehicles/filter', { schema: filterSchema }, async (request, reply) => {
    const { filters, units = 'imperial' } = request.query
    const answer = await queries.filter(parseFilterQuery(filters), units)
    return reply.type('application/json; charset=utf-8').send(answer)
  })

  app.get('/vehicles/lookup', { schema: lookupSchema }, (request) => {
    const { units = 'imperial' } = request.query
    return queries.lookup(parseLookupBoxes(request.query), units)
  })

  app.get('/vehicles/:vin', { schema: vehicleSchema }, (request) => {
    const { units = 'imperial' } = request.query
    return queries.vehicle(request.params.vin, units)
  })
}

function parseLookupBoxes({ bbox, filters }: { bbox?: string; filters?: string }): BoundingBox[] {
  if ((bbox === undefined) === (filters === undefined)) {
    throw publicError('invalid', 'Give bbox or filters: one of them, not both', { field: 'bbox' })
  }
  if (bbox !== undefined) return parseBboxText(bbox)
  return toBoxes(parseLookupQuery(filters ?? '').filters.boundaries)
}

const aggregateSchema = {
  ...COMMON,
  operationId: 'aggregateVehicles',
  summary: 'Clusters for a map and one page of vehicles for a list',
  description:
    'All parts are of one moment. Without a vehicle that matches, `filters` is missing and `offset` is null.',
  querystring: Type.Object(
    { filters: filtersParameter(AggregateQuery), units: UnitsParameter },
    strict,
  ),
  response: { 200: AggregateAnswer, ...COMMON_PROBLEMS },
}

const filterSchema = {
  ...COMMON,
  operationId: 'filterVehicles',
  summary: 'All vehicles that match, 10,000 at most',
  querystring: Type.Object(
    { filters: filtersParameter(FilterQuery), units: UnitsParameter },
    strict,
  ),
  response: {
    200: {
      description: 'Written piece by piece: a connection that breaks off has not sent all of it',
      content: { 'application/json': { schema: FilterAnswer } },
    },
    ...COMMON_PROBLEMS,
  },
}

const lookupSchema = {
  ...COMMON,
  operationId: 'lookupVehicle',
  summary: 'One vehicle in a box',
  description:
    'For a cluster that holds one vehicle. Takes `bbox` or `filters`; of several vehicles the one with the lowest VIN.',
  querystring: Type.Object(
    {
      bbox: Type.Optional(
        Type.String({
          maxLength: 200,
          description: 'left,bottom,right,top in degrees',
          examples: ['-115.18,36.17,-115.13,36.21'],
        }),
      ),
      filters: Type.Optional(filtersParameter(LookupQuery)),
      units: UnitsParameter,
    },
    strict,
  ),
  response: { 200: named(DetailedVehicle), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const vehicleSchema = {
  ...COMMON,
  operationId: 'getVehicle',
  summary: 'The newest state of one vehicle',
  params: VinParameter,
  querystring: Type.Object({ units: UnitsParameter }, strict),
  response: { 200: named(DetailedVehicle), ...COMMON_PROBLEMS, ...NOT_FOUND },
}
