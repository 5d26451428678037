import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { Clock } from '../domain/clock.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS, CONFLICT, NextOffset, NOT_FOUND, named } from '../http/schemas.ts'
import type { DeadLetters } from '../ports/dead-letters.ts'
import { createRedriver, getLetter, type RedriveLetter } from './redrive.ts'
import { renderLetter } from './render-letter.ts'
import { DeadLetterItem, IdParameter, ListQuery } from './schemas.ts'

// What passes through here: an operator looks at messages that could not be used, and sends them
// through ingest once more when their cause is mended.

export interface DeadLetterRoutesOptions {
  readonly store: DeadLetters
  readonly redrive: RedriveLetter
  readonly clock: Clock
}

export const deadLetterRoutes: FastifyPluginAsyncTypebox<DeadLetterRoutesOptions> = async (
  app,
  options,
) => {
  const { store } = options
  const redriveLetter = createRedriver(options)
  requireRole(app, 'operator')
  app.addSchema(DeadLetterItem)

  app.get('/dead-letters', { schema: listSchema }, async (request) => {
    const { offset: after = 0, maxResults: limit = 20, ...filter } = request.query
    const { letters, next = null } = await store.list({ ...filter, after, limit })
    return { deadLetters: letters.map(renderLetter), offset: next }
  })

  app.get('/dead-letters/:id', { schema: getSchema }, async (request) =>
    renderLetter(await getLetter(store, request.params.id)),
  )

  app.post('/dead-letters/:id/redrive', { schema: redriveSchema }, async (request) => {
    const { id } = request.params
    return { id, ...(await redriveLetter(id)) }
  })
}

const COMMON = { tags: ['dead letters'], security: BEARER }

const listSchema = {
  ...COMMON,
  operationId: 'listDeadLetters',
  summary: 'Messages that could not be used, newest first',
  querystring: ListQuery,
  response: {
    200: Type.Object({ deadLetters: Type.Array(named(DeadLetterItem)), offset: NextOffset }),
    ...COMMON_PROBLEMS,
  },
}

const getSchema = {
  ...COMMON,
  operationId: 'getDeadLetter',
  summary: 'One message that could not be used',
  params: IdParameter,
  response: { 200: named(DeadLetterItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const redriveSchema = {
  ...COMMON,
  operationId: 'redriveDeadLetter',
  summary: 'Sends the message through ingest once more',
  description:
    'It counts as received when it first came. 409 if it was accepted before or is being redriven; 503 if it could not be stored now.',
  params: IdParameter,
  response: {
    200: Type.Object({
      id: Type.String(),
      outcome: Type.String({
        enum: ['accepted', 'dead-lettered'],
        description: 'dead-lettered: still not usable, for this reason',
      }),
      reason: Type.Optional(Type.String()),
    }),
    ...COMMON_PROBLEMS,
    ...NOT_FOUND,
    ...CONFLICT,
  },
}
