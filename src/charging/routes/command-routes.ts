import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import Type, { type TSchema } from 'typebox'
import type { CommandState } from '../../domain/charging-command.ts'
import { publicError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { BEARER, COMMON_PROBLEMS, CONFLICT, NOT_FOUND, named } from '../../http/schemas.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargingCommands } from '../../ports/charging-commands.ts'
import type { CommandKind } from '../command-kinds.ts'
import { PARAMETERS } from '../command-parameters.ts'
import type { Commands } from '../commands.ts'
import { decodeTimeCursor, encodeCursor } from './cursor.ts'
import { renderCommand } from './render.ts'
import {
  After,
  ChargePointParameter,
  COMMAND_STATES,
  CommandItem,
  IdempotencyHeaders,
  Limit,
  Next,
} from './schemas.ts'

export interface CommandRoutesOptions {
  readonly commands: Commands
  readonly store: ChargingCommands
}

export const commandRoutes: FastifyPluginAsyncTypebox<CommandRoutesOptions> = async (
  app,
  { commands, store },
) => {
  app.post(
    '/charge-points/:chargePointId/commands',
    { schema: requestSchema },
    async ({ params, headers, body, query: { wait = 0 } }, reply) => {
      const { kind, parameters, expiresInSeconds, webhookUrl } = body
      const lifetimeMs = expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000
      const idempotencyKey = headers['idempotency-key']
      const request = { kind, parameters, ...compact({ lifetimeMs, webhookUrl, idempotencyKey }) }
      const command = await commands.request(params.chargePointId, request)
      // It has been asked for, whatever becomes of waiting: an error would have it asked for twice.
      const waiting = wait === 0 ? command : commands.wait(command.id, wait * 1000, goneOf(reply))
      const now = await Promise.resolve(waiting).catch(() => command)
      reply.code(202).header('location', `/commands/${command.id}`)
      return reply.send(renderCommand(now ?? command))
    },
  )

  app.get('/commands', { schema: listSchema }, async ({ query }) => {
    const { after, limit = 50, ...filter } = query
    const place = after === undefined ? undefined : decodeTimeCursor(after)
    const before = place === undefined ? undefined : { createdAt: place.at, id: place.id }
    const page = await store.list({ ...compact({ ...filter, before }), limit })
    const last = page.length < limit ? undefined : page.at(-1)
    return {
      commands: page.map(renderCommand),
      next: last === undefined ? null : encodeCursor([last.createdAt, last.id]),
    }
  })

  app.get('/commands/:id', { schema: getSchema }, async ({ params: { id }, query }, reply) => {
    const command = await commands.wait(id, (query.wait ?? 0) * 1000, goneOf(reply))
    if (command === undefined) throw unknownCommand(id)
    return renderCommand(command)
  })

  app.delete('/commands/:id', { schema: cancelSchema }, async ({ params: { id } }) => {
    const isCancelled = await commands.cancel(id)
    const command = await store.find(id)
    if (command === undefined) throw unknownCommand(id)
    if (!isCancelled) throw publicError('conflict', `It is ${command.state} already.`)
    return renderCommand(command)
  })
}

/** Given when whoever asked doesn't wait any more. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  return gone.signal
}

export function unknownCommand(id: string) {
  return publicError('not-found', `There is no command ${id}.`)
}

const COMMON = { tags: ['charging'], security: BEARER }
const IdParameter = Type.Object({ id: Type.String({ minLength: 1, maxLength: 60 }) })
const Wait = Type.Object({
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 60,
      description: 'Seconds to wait for its outcome before answering',
    }),
  ),
})

const kinds = Object.entries(PARAMETERS) as [CommandKind, TSchema][]

interface CommandBody {
  readonly kind: CommandKind
  readonly parameters: JsonObject
  readonly expiresInSeconds?: number
  readonly webhookUrl?: string
}

/** One shape for each kind; the kind decides which, so that an error is about that one. */
const Body = Type.Unsafe<CommandBody>({
  type: 'object',
  discriminator: { propertyName: 'kind' },
  required: ['kind'],
  oneOf: kinds.map(([kind, parameters]) =>
    Type.Object(
      {
        kind: Type.Literal(kind),
        parameters,
        expiresInSeconds: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 2_592_000,
            description: 'How long it waits for the charge point, if that is not connected',
          }),
        ),
        webhookUrl: Type.Optional(
          Type.String({
            maxLength: 2000,
            description:
              'Gets the command by POST when it has ended, signed (`fleetgrid-signature: t=<seconds>,v1=<hex of HMAC-SHA-256 of t.body>`), until it answers 2xx, for at most 24 hours; perhaps more than once. Its host must be in WEBHOOK_HOSTS.',
          }),
        ),
      },
      { title: kind, additionalProperties: false },
    ),
  ),
})

const requestSchema = {
  ...COMMON,
  operationId: 'requestCommand',
  summary: 'Tells a charge point to do something',
  description:
    'Durable when it is answered. The charge point may be offline, or connected to another instance; what it says comes with GET /commands/{id}, at once with `wait`, as an event with GET /commands/{id}/events, or to `webhookUrl`.',
  params: ChargePointParameter,
  headers: IdempotencyHeaders,
  querystring: Wait,
  body: Body,
  response: { 202: named(CommandItem), ...COMMON_PROBLEMS, ...NOT_FOUND, ...CONFLICT },
}

const listSchema = {
  ...COMMON,
  operationId: 'listCommands',
  summary: 'Commands, newest first',
  querystring: Type.Object({
    chargePointId: Type.Optional(Type.String({ maxLength: 48, description: 'To this one only' })),
    state: Type.Optional(Type.Unsafe<CommandState>(Type.String({ enum: [...COMMAND_STATES] }))),
    after: Type.Optional(After),
    limit: Type.Optional(Limit),
  }),
  response: {
    200: Type.Object({ commands: Type.Array(named(CommandItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const getSchema = {
  ...COMMON,
  operationId: 'getCommand',
  summary: 'One command and what became of it',
  params: IdParameter,
  querystring: Wait,
  response: { 200: named(CommandItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const cancelSchema = {
  ...COMMON,
  operationId: 'cancelCommand',
  summary: 'Takes back a command that has not been sent',
  params: IdParameter,
  response: { 200: named(CommandItem), ...COMMON_PROBLEMS, ...NOT_FOUND, ...CONFLICT },
}
