import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { LENIENCIES } from '../domain/charge-point.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS } from '../http/schemas.ts'
import type { Deviations } from './deviations.ts'

// What passes through here: an operator looks at what is overlooked in a charge point's messages.

export const deviationRoutes: FastifyPluginAsyncTypebox<{
  readonly deviations: Deviations
}> = async (app, { deviations }) => {
  requireRole(app, 'operator')
  app.get(
    '/charge-points/:chargePointId/deviations',
    { schema: listSchema },
    async ({ params: { chargePointId } }) => ({
      deviations: deviations
        .list(chargePointId)
        .map(({ lastAt, ...seen }) => ({ ...seen, lastAt: new Date(lastAt).toISOString() })),
    }),
  )
}

const listSchema = {
  tags: ['charging'],
  security: BEARER,
  operationId: 'listDeviations',
  summary: 'What was overlooked in the messages of a charge point, most frequent first',
  description:
    'As its setting `leniency` says; without it such messages are refused. Only of connections to this instance, and since it started.',
  params: Type.Object({ chargePointId: Type.String({ minLength: 1, maxLength: 48 }) }),
  response: {
    200: Type.Object({
      deviations: Type.Array(
        Type.Object({
          deviation: Type.String({ enum: [...LENIENCIES] }),
          action: Type.String(),
          path: Type.String({
            description:
              'JSON pointer into the payload, `*` for any place in a list; empty: the payload, or anywhere',
          }),
          count: Type.Integer({ minimum: 1 }),
          lastAt: Type.String({ format: 'date-time' }),
        }),
      ),
    }),
    ...COMMON_PROBLEMS,
  },
}
