import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { publicError } from '../domain/errors.ts'
import { callerOf, requireRole } from '../http/authenticate.ts'
import { EventStream } from '../http/event-stream.ts'
import { BEARER, COMMON_PROBLEMS } from '../http/schemas.ts'
import type { WireFrame, WireLog } from './wire-log.ts'

// What passes through here: an operator looks at what a charge point and we have said to each other.

const STREAMS_MAX = 50
const KEEP_OPEN_MS = 15_000
const BUFFERED_MAX_BYTES = 1_000_000
/** Of a timer, which is shorter than tokens may live. */
const TIMER_MAX_MS = 2 ** 31 - 1

export const wireLogRoutes: FastifyPluginAsyncTypebox<{ readonly wireLog: WireLog }> = async (
  app,
  { wireLog },
) => {
  requireRole(app, 'operator')
  const closers = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const close of closers) close()
  })

  app.get(
    '/charge-points/:chargePointId/frames',
    { schema: listSchema },
    async ({ params: { chargePointId }, query: { limit = 100 } }) => {
      const frames = await wireLog.read(chargePointId, limit)
      return { frames: frames.map(renderFrame) }
    },
  )

  app.get(
    '/charge-points/:chargePointId/frames/stream',
    { schema: streamSchema, config: { isLongLived: true } },
    (request, reply) => {
      if (closers.size >= STREAMS_MAX) {
        throw publicError('unavailable', `${STREAMS_MAX} of these streams are open already.`)
      }
      const { expiresAt } = callerOf(request)
      const stream = new EventStream(reply)
      stream.write('retry: 1000\n\n')
      const forget = wireLog.listen(request.params.chargePointId, (frame) => {
        if (stream.bufferedBytes() > BUFFERED_MAX_BYTES) close()
        else stream.write(`event: frame\ndata: ${JSON.stringify(renderFrame(frame))}\n\n`)
      })
      const keepOpen = setInterval(() => stream.write(': still here\n\n'), KEEP_OPEN_MS)
      const expiry = setTimeout(() => close(), Math.min(expiresAt - Date.now(), TIMER_MAX_MS))
      const close = (): void => {
        forget()
        clearInterval(keepOpen)
        clearTimeout(expiry)
        closers.delete(close)
        stream.end()
      }
      closers.add(close)
      reply.raw.once('close', close)
      // It may have gone while its token was checked.
      if (reply.raw.destroyed) close()
    },
  )
}

function renderFrame({ at, direction, text }: WireFrame) {
  return { at: new Date(at).toISOString(), direction, text }
}

const COMMON = {
  tags: ['charging'],
  security: BEARER,
  params: Type.Object({ chargePointId: Type.String({ minLength: 1, maxLength: 48 }) }),
}

const listSchema = {
  ...COMMON,
  operationId: 'listFrames',
  summary: 'The last OCPP frames of a charge point, oldest first',
  description:
    'As far as the memory for them reaches (OCPP_WIRE_LOG_MAX_MB), and only of connections to this instance. Keys and passwords are left out, of id tokens all but the last characters.',
  querystring: Type.Object({
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'The newest so many' }),
    ),
  }),
  response: {
    200: Type.Object({
      frames: Type.Array(
        Type.Object({
          at: Type.String({ format: 'date-time' }),
          direction: Type.String({ enum: ['in', 'out'], description: 'in: from the charge point' }),
          text: Type.String(),
        }),
      ),
    }),
    ...COMMON_PROBLEMS,
  },
}

const streamSchema = {
  ...COMMON,
  operationId: 'streamFrames',
  summary: 'OCPP frames of a charge point as they pass, as server-sent events',
  description:
    'Events `frame` with the same members as in the list. It ends with the token, or if it is read too slowly.',
  response: {
    200: {
      description: 'A stream of events, until the token expires',
      content: { 'text/event-stream': { schema: Type.String() } },
    },
    ...COMMON_PROBLEMS,
  },
}
