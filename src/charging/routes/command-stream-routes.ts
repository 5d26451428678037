import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { callerOf } from '../../http/authenticate.ts'
import { EventStream } from '../../http/event-stream.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND } from '../../http/schemas.ts'
import type { ChargingCommands } from '../../ports/charging-commands.ts'
import type { CommandStreams, CommandSubscription } from '../command-streams.ts'
import { unknownCommand } from './command-routes.ts'

export interface CommandStreamRoutesOptions {
  readonly streams: CommandStreams
  readonly store: ChargingCommands
}

const LONG_LIVED = { isLongLived: true }

export const commandStreamRoutes: FastifyPluginAsyncTypebox<CommandStreamRoutesOptions> = async (
  app,
  { streams, store },
) => {
  app.addHook('preClose', async () => streams.close())

  app.get('/commands/events', { schema: outcomesSchema, config: LONG_LIVED }, (request, reply) => {
    const { expiresAt } = callerOf(request)
    open(reply, { chargePointId: request.query.chargePointId, expiresAt })
  })

  app.get(
    '/commands/:id/events',
    { schema: commandSchema, config: LONG_LIVED },
    async (request, reply) => {
      const { id } = request.params
      if ((await store.find(id)) === undefined) throw unknownCommand(id)
      open(reply, { commandId: id, expiresAt: callerOf(request).expiresAt })
      return reply
    },
  )

  function open(reply: FastifyReply, wanted: Omit<CommandSubscription, 'sink'>): void {
    const close = streams.open({ ...wanted, sink: new EventStream(reply) })
    reply.raw.once('close', close)
    // It may have gone while its token was checked.
    if (reply.raw.destroyed) close()
  }
}

const COMMON = { tags: ['charging'], security: BEARER }
const EVENTS = {
  200: {
    description: 'A stream of events',
    content: { 'text/event-stream': { schema: Type.String() } },
  },
}
const AFTERWARDS =
  '`bye` says that the token has expired or that this instance stops: connect again. A comment every 15 seconds keeps the connection open; a reader that is too slow is cut off.'

const commandSchema = {
  ...COMMON,
  operationId: 'streamCommand',
  summary: 'One command in each of its states, until it has ended, as server-sent events',
  description: `The event \`command\` has the command as GET /commands/{id} shows it: first as it is now, at last with its outcome; then the stream ends. ${AFTERWARDS}`,
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 60 }) }),
  response: { ...EVENTS, ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const outcomesSchema = {
  ...COMMON,
  operationId: 'streamCommandOutcomes',
  summary: 'Commands that have ended, as server-sent events',
  description: `From the event \`ready\` on, each command that ends is an event \`command\`, whichever instance has carried it out; rarely one comes twice. What ended before is in GET /commands. ${AFTERWARDS}`,
  querystring: Type.Object(
    {
      chargePointId: Type.Optional(Type.String({ maxLength: 48, description: 'Of this one only' })),
    },
    { additionalProperties: false },
  ),
  response: { ...EVENTS, ...COMMON_PROBLEMS },
}
