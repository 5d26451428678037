import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { callerOf } from '../http/authenticate.ts'
import { EventStream } from '../http/event-stream.ts'
import { BEARER, COMMON_PROBLEMS } from '../http/schemas.ts'
import { EVERY_VEHICLE } from '../ports/fleet-index.ts'
import type { LiveVehicles } from './live-vehicles.ts'
import { createQueryParser, toVehicleFilter } from './parse-query.ts'
import { AggregateQuery, filtersParameter, UnitsParameter } from './query-schemas.ts'

const LONG_LIVED = { isLongLived: true }

const parseAggregateQuery = createQueryParser(AggregateQuery)

export const streamRoute: FastifyPluginAsyncTypebox<{ live: LiveVehicles }> = async (
  app,
  { live },
) => {
  app.addHook('preClose', async () => live.close())

  app.get('/vehicles/stream', { schema: streamSchema, config: LONG_LIVED }, (request, reply) => {
    const { filters, units = 'imperial' } = request.query
    const query = filters === undefined ? undefined : parseAggregateQuery(filters)
    const filter = query === undefined ? EVERY_VEHICLE : toVehicleFilter(query.filters)
    const { expiresAt } = callerOf(request)
    const sink = new EventStream(reply)
    const unsubscribe = live.subscribe({ filter, units, expiresAt, sink })
    reply.raw.once('close', unsubscribe)
    // It may have gone while its token was checked.
    if (reply.raw.destroyed) unsubscribe()
  })
}

const streamSchema = {
  tags: ['vehicles'],
  security: BEARER,
  operationId: 'streamVehicles',
  summary: 'Live updates: vehicles that changed, as server-sent events',
  description: [
    'A map loads its vehicles once, after `ready`, and follows them here without polling.',
    '`filters` is the query of /vehicles/aggregate, of which `pagination` and `clusters` are not used.',
    '',
    '    curl -N -H "Authorization: Bearer $TOKEN" "http://localhost:8080/vehicles/stream"',
    '',
    '    retry: 1000',
    '    event: ready',
    '    data: {"intervalMs":500}',
    '',
    '    event: vehicles',
    '    data: {"vehicles":[{"vin":"1AZKW21JXAD10005","make":"AMZ","telemetry":{"currentSpeed":38.06},"devices":[],"geoLocation":{"heading":63.4,"coordinates":[-115.32301,36.28059]}}],"left":["5AZYB49QXDB10031"]}',
    '',
    '- `ready`: from now on nothing is missed. Load the vehicles now.',
    '- `vehicles`: `vehicles` are those that changed and match, each in its newest state; `left` are VINs that may have matched before and do not any more, or are deleted.',
    '- `resync`: this reader was too slow and has missed changes. Load the vehicles anew; the stream goes on.',
    '- `bye`: the token has expired, or this instance stops. Connect again.',
    '- A comment every 15 seconds keeps the connection open.',
  ].join('\n'),
  querystring: Type.Object(
    {
      filters: Type.Optional(filtersParameter(AggregateQuery)),
      units: UnitsParameter,
    },
    { additionalProperties: false },
  ),
  response: {
    200: {
      description: 'A stream of events, until the token expires',
      content: { 'text/event-stream': { schema: Type.String() } },
    },
    ...COMMON_PROBLEMS,
  },
}
