import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { publicError } from '../../domain/errors.ts'
import { sameToken } from '../../domain/id-token.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../../http/schemas.ts'
import type { IdTokens } from '../../ports/id-tokens.ts'
import { decodeTextCursor, encodeCursor } from './cursor.ts'
import { renderIdToken } from './render.ts'
import { After, IdTokenChange, IdTokenItem, Limit, Next } from './schemas.ts'
import { parseTime } from './time-parameter.ts'

export const idTokenRoutes: FastifyPluginAsyncTypebox<{ readonly idTokens: IdTokens }> = async (
  app,
  { idTokens },
) => {
  app.get('/id-tokens', { schema: listSchema }, async ({ query: { after, limit = 50 } }) => {
    const place = after === undefined ? {} : { afterUid: decodeTextCursor(after) }
    const tokens = await idTokens.list({ ...place, limit })
    const last = tokens.length < limit ? undefined : tokens.at(-1)
    return {
      idTokens: tokens.map(renderIdToken),
      next: last === undefined ? null : encodeCursor([last.uid]),
    }
  })

  app.get('/id-tokens/:uid', { schema: getSchema }, async ({ params: { uid } }) => {
    const token = await idTokens.find(uid)
    if (token === undefined) throw unknownToken(uid)
    return renderIdToken(token)
  })

  app.put('/id-tokens/:uid', { schema: putSchema }, async ({ params: { uid }, body }) => {
    const { expiresAt, isBlocked = false, concurrentMax = 1, ...rest } = body
    const times = expiresAt === undefined ? {} : { expiresAt: parseTime(expiresAt) }
    const token = { uid: sameToken(uid), isBlocked, concurrentMax, ...rest, ...times }
    await idTokens.put(token)
    return renderIdToken(token)
  })

  app.delete('/id-tokens/:uid', { schema: deleteSchema }, async ({ params: { uid } }, reply) => {
    if (!(await idTokens.remove(uid))) throw unknownToken(uid)
    return reply.code(204).send(null)
  })
}

function unknownToken(uid: string) {
  return publicError('not-found', `There is no id token ${uid}.`)
}

const COMMON = { tags: ['charging'], security: BEARER }
const UidParameter = Type.Object({ uid: Type.String({ minLength: 1, maxLength: 36 }) })

const listSchema = {
  ...COMMON,
  operationId: 'listIdTokens',
  summary: 'Who may charge',
  querystring: Type.Object({ after: Type.Optional(After), limit: Type.Optional(Limit) }),
  response: {
    200: Type.Object({ idTokens: Type.Array(named(IdTokenItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const getSchema = {
  ...COMMON,
  operationId: 'getIdToken',
  summary: 'One id token',
  params: UidParameter,
  response: { 200: named(IdTokenItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const putSchema = {
  ...COMMON,
  operationId: 'putIdToken',
  summary: 'Creates an id token, or replaces it',
  description: 'Uids are compared without regard to case. Charge points learn of it when they ask.',
  params: UidParameter,
  body: IdTokenChange,
  response: { 200: named(IdTokenItem), ...COMMON_PROBLEMS },
}

const deleteSchema = {
  ...COMMON,
  operationId: 'deleteIdToken',
  summary: 'Removes an id token',
  description: 'It is unknown from then on; to turn it away with a reason, block it.',
  params: UidParameter,
  response: { 204: Type.Null(), ...COMMON_PROBLEMS, ...NOT_FOUND },
}
