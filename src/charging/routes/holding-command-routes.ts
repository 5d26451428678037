import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import Type, { type Static } from 'typebox'
import { publicError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { BEARER, COMMON_PROBLEMS, CONFLICT, NOT_FOUND, named } from '../../http/schemas.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargePointHoldings } from '../../ports/charge-point-holdings.ts'
import type { ChargePoints } from '../../ports/charge-points.ts'
import type { CommandKind } from '../command-kinds.ts'
import { PARAMETERS } from '../command-parameters.ts'
import { ChargingProfile, count, EvseId, LocalListEntry, UNKNOWN_FIELDS } from '../command-parts.ts'
import type { Commands } from '../commands.ts'
import { listVersionFor } from '../holdings/local-list.ts'
import { renderCommand } from './render.ts'
import { ChargePointParameter, CommandItem, IdempotencyHeaders } from './schemas.ts'

export interface HoldingCommandRoutesOptions {
  readonly commands: Commands
  readonly holdings: ChargePointHoldings
  readonly chargePoints: ChargePoints
}

/** What a charge point is to hold: each is a command, which waits for it like any other. */
export const holdingCommandRoutes: FastifyPluginAsyncTypebox<HoldingCommandRoutesOptions> = async (
  app,
  { commands, holdings, chargePoints },
) => {
  const request = async (
    reply: FastifyReply,
    { chargePointId }: Static<typeof ChargePointParameter>,
    kind: CommandKind,
    parameters: object,
    { expiresInSeconds, idempotencyKey }: Static<typeof Waits> & { idempotencyKey?: string },
  ) => {
    const lifetimeMs = expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000
    const command = await commands.request(chargePointId, {
      ...{ kind, parameters: parameters as JsonObject },
      ...compact({ lifetimeMs, idempotencyKey }),
    })
    return reply
      .code(202)
      .header('location', `/commands/${command.id}`)
      .send(renderCommand(command))
  }

  app.post(
    `${ONE}/reservations`,
    { schema: reserveSchema },
    async ({ params, headers, query, body }, reply) => {
      const key = compact({ idempotencyKey: headers['idempotency-key'] })
      return request(reply, params, 'reserve', body, { ...query, ...key })
    },
  )

  app.delete(
    `${ONE}/reservations/:reservationId`,
    { schema: cancelSchema },
    async ({ params, query }, reply) => {
      const { reservationId } = params
      return request(reply, params, 'cancel-reservation', { reservationId }, query)
    },
  )

  app.put(
    `${ONE}/charging-profiles/:profileId`,
    { schema: setProfileSchema },
    async ({ params, query, body: { evseId, ...profile } }, reply) => {
      const whole = { ...profile, id: params.profileId }
      const parameters = compact({ evseId, profile: whole })
      return request(reply, params, 'set-charging-profile', parameters, query)
    },
  )

  app.delete(
    `${ONE}/charging-profiles/:profileId`,
    { schema: clearProfileSchema },
    async ({ params, query }, reply) => {
      const { profileId } = params
      return request(reply, params, 'clear-charging-profile', { profileId }, query)
    },
  )

  app.patch(
    `${ONE}/variables`,
    { schema: setVariablesSchema },
    async ({ params, query, body }, reply) => {
      const chargePoint = await chargePoints.find(params.chargePointId)
      if (chargePoint?.protocol === '1.6' && body.variables.length > 1) {
        const problem = 'An OCPP 1.6 charge point is told one variable at a time'
        throw publicError('invalid', problem, { field: 'variables' })
      }
      return request(reply, params, 'set-variables', body, query)
    },
  )

  for (const [method, mode, schema] of [
    ['PUT', 'full', putListSchema],
    ['PATCH', 'differential', patchListSchema],
  ] as const) {
    app.route({
      ...{ method, url: `${ONE}/local-list`, schema },
      handler: async ({ params, query, body }, reply) => {
        const { chargePointId } = params
        // First: else versions would be counted of charge points that nobody knows.
        if ((await chargePoints.find(chargePointId)) === undefined) {
          throw publicError('not-found', `There is no charge point ${chargePointId}.`)
        }
        const version = await listVersionFor(holdings, chargePointId, body.version)
        const parameters = { version, mode, tokens: body.tokens }
        return request(reply, params, 'send-local-list', parameters, query)
      },
    })
  }
}

const ONE = '/charge-points/:chargePointId'
const Waits = Type.Object({
  expiresInSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2_592_000,
      description: 'How long it waits for the charge point, if that is not connected',
    }),
  ),
})

const COMMON = {
  ...{ tags: ['charging'], security: BEARER, params: ChargePointParameter },
  querystring: Waits,
  description:
    'Answered with a command: it is durable, and what the charge point says comes with GET /commands/{id}. The lists show it from then on.',
  response: { 202: named(CommandItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}
const { chargePointId } = ChargePointParameter.properties

const reserveSchema = {
  ...COMMON,
  operationId: 'reserve',
  summary: 'Reserves a connector',
  headers: IdempotencyHeaders,
  body: PARAMETERS.reserve,
  response: { ...COMMON.response, ...CONFLICT },
}

const cancelSchema = {
  ...COMMON,
  operationId: 'cancelReservation',
  summary: 'Cancels a reservation',
  params: Type.Object({ chargePointId, reservationId: count() }),
}

const { id: _, ...profileFields } = ChargingProfile.properties

const setProfileSchema = {
  ...COMMON,
  operationId: 'putChargingProfile',
  summary: 'Sets a charging profile, in place of the one of the same id',
  params: Type.Object({ chargePointId, profileId: count() }),
  body: Type.Object({ evseId: Type.Optional(EvseId), ...profileFields }, UNKNOWN_FIELDS),
}

const clearProfileSchema = {
  ...COMMON,
  operationId: 'deleteChargingProfile',
  summary: 'Clears a charging profile',
  params: setProfileSchema.params,
}

const setVariablesSchema = {
  ...COMMON,
  operationId: 'patchVariables',
  summary: 'Sets variables; the others stay as they are',
  body: PARAMETERS['set-variables'],
}

const { version } = PARAMETERS['send-local-list'].properties
const ListBody = Type.Object(
  { version: Type.Optional(version), tokens: Type.Array(LocalListEntry, { maxItems: 1000 }) },
  { ...UNKNOWN_FIELDS, description: 'Versions are counted up, if it is left out' },
)

const putListSchema = {
  ...COMMON,
  operationId: 'putLocalList',
  summary: 'Replaces the local list',
  body: ListBody,
}

const patchListSchema = {
  ...COMMON,
  operationId: 'patchLocalList',
  summary: 'Changes tokens of the local list; one without a status is taken off it',
  body: ListBody,
}
