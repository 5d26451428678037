import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { Clock } from '../../domain/clock.ts'
import { publicError } from '../../domain/errors.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../../http/schemas.ts'
import { compact } from '../../lib/compact.ts'
import type {
  ChargePointHoldings,
  Holding,
  HoldingKind,
  HoldingQuery,
} from '../../ports/charge-point-holdings.ts'
import type { ChargePoints } from '../../ports/charge-points.ts'
import type { ChargingTransactions } from '../../ports/charging-transactions.ts'
import { isInForce, readProfile } from '../holdings/charging-profiles.ts'
import { findListVersion, TOKEN_PREFIX } from '../holdings/local-list.ts'
import { namePrefix } from '../holdings/variables.ts'
import { decodeTextCursor, decodeTimeCursor, encodeCursor } from './cursor.ts'
import {
  CertificateItem,
  HeldProfileItem,
  LocalListFacts,
  ReservationFilter,
  ReservationItem,
  VariableItem,
} from './holding-schemas.ts'
import {
  filterOfState,
  renderCertificate,
  renderListEntry,
  renderProfile,
  renderReservation,
  renderVariable,
} from './render-holdings.ts'
import { After, ChargePointParameter, Limit, Next } from './schemas.ts'

export interface HoldingRoutesOptions {
  readonly holdings: ChargePointHoldings
  readonly chargePoints: ChargePoints
  readonly transactions: ChargingTransactions
  readonly clock: Clock
}

interface Page {
  readonly after?: string
  readonly limit?: number
}

/** What charge points hold, as far as they have said or accepted it. */
export const holdingRoutes: FastifyPluginAsyncTypebox<HoldingRoutesOptions> = async (
  app,
  { holdings, chargePoints, transactions, clock },
) => {
  /** @throws FleetgridError `not-found` if nobody knows the charge point */
  const listOf = async (
    chargePointId: string,
    kind: HoldingKind,
    { after, limit = 50 }: Page,
    filter: Partial<HoldingQuery> = {},
  ): Promise<{ readonly page: readonly Holding[]; readonly next: string | null }> => {
    const afterKey = after === undefined ? undefined : decodeTextCursor(after)
    const query = { chargePointId, kind, limit, ...compact({ afterKey }), ...filter }
    const [chargePoint, page] = await Promise.all([
      chargePoints.find(chargePointId),
      holdings.list(query),
    ])
    if (chargePoint === undefined) {
      throw publicError('not-found', `There is no charge point ${chargePointId}.`)
    }
    const last = page.length < limit ? undefined : page.at(-1)
    return { page, next: last === undefined ? null : encodeCursor([last.key]) }
  }

  app.get('/reservations', { schema: allReservationsSchema }, async ({ query }) => {
    const { after, limit = 50, state } = query
    const now = clock.now()
    const place = after === undefined ? undefined : readPlace(after)
    const page = await holdings.listExpiring({
      ...{ limit, ...filterOfState(state, now) },
      ...compact({ after: place }),
    })
    const last = page.length < limit ? undefined : page.at(-1)
    return {
      reservations: page.map((one) => renderReservation(one, now)),
      next: last === undefined ? null : writePlace(last),
    }
  })

  app.get(`${ONE}/reservations`, { schema: reservationsSchema }, async ({ params, query }) => {
    const now = clock.now()
    const filter = filterOfState(query.state, now)
    const { page, next } = await listOf(params.chargePointId, 'reservation', query, filter)
    return { reservations: page.map((one) => renderReservation(one, now)), next }
  })

  app.get(`${ONE}/charging-profiles`, { schema: profilesSchema }, async ({ params, query }) => {
    const { chargePointId } = params
    const { page, next } = await listOf(chargePointId, 'charging-profile', query)
    const open = await transactions.listOpen(chargePointId)
    const held = page.filter((one) => isInForce(readProfile(one), open, clock.now()))
    return { chargingProfiles: held.map(renderProfile), next }
  })

  app.get(`${ONE}/variables`, { schema: variablesSchema }, async ({ params, query }) => {
    const filter = query.name === undefined ? {} : { prefix: namePrefix(query.name) }
    const { page, next } = await listOf(params.chargePointId, 'variable', query, filter)
    return { variables: page.map(renderVariable), next }
  })

  app.get(`${ONE}/local-list`, { schema: localListSchema }, async ({ params, query }) => {
    const { chargePointId } = params
    const prefix = TOKEN_PREFIX
    const { page, next } = await listOf(chargePointId, 'local-list', query, { prefix })
    const known = await findListVersion(holdings, chargePointId)
    const { version = null, isInDoubt = false } = known ?? {}
    return { version, isInDoubt, tokens: page.map(renderListEntry), next }
  })

  app.get(`${ONE}/certificates`, { schema: certificatesSchema }, async ({ params, query }) => {
    const { page, next } = await listOf(params.chargePointId, 'certificate', query)
    return { certificates: page.map(renderCertificate), next }
  })
}

/** Ids of charge points have no colon. */
function writePlace({ expiresAt = 0, chargePointId, key }: Holding): string {
  return encodeCursor([expiresAt, `${chargePointId}:${key}`])
}

function readPlace(text: string) {
  const { at, id } = decodeTimeCursor(text)
  const colon = id.indexOf(':')
  return { expiresAt: at, chargePointId: id.slice(0, colon), key: id.slice(colon + 1) }
}

const ONE = '/charge-points/:chargePointId'
const COMMON = { tags: ['charging'], security: BEARER }
const Paged = { after: Type.Optional(After), limit: Type.Optional(Limit) }
const OF_ONE = { ...COMMON, params: ChargePointParameter }
const PROBLEMS = { ...COMMON_PROBLEMS, ...NOT_FOUND }

const allReservationsSchema = {
  ...COMMON,
  operationId: 'listReservations',
  summary: 'Reservations of all charge points, the latest expiry first',
  querystring: Type.Object({ ...ReservationFilter, ...Paged }),
  response: {
    200: Type.Object({ reservations: Type.Array(named(ReservationItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const reservationsSchema = {
  ...OF_ONE,
  operationId: 'listReservationsOfChargePoint',
  summary: 'Its reservations',
  querystring: Type.Object({ ...ReservationFilter, ...Paged }),
  response: {
    200: Type.Object({ reservations: Type.Array(named(ReservationItem)), next: Next }),
    ...PROBLEMS,
  },
}

const profilesSchema = {
  ...OF_ONE,
  operationId: 'listChargingProfiles',
  summary: 'Charging profiles that it has accepted and that are not over',
  querystring: Type.Object(Paged),
  response: {
    200: Type.Object({ chargingProfiles: Type.Array(named(HeldProfileItem)), next: Next }),
    ...PROBLEMS,
  },
}

const variablesSchema = {
  ...OF_ONE,
  operationId: 'listVariables',
  summary: 'Its variables, by name: configuration keys of OCPP 1.6, the device model of 2.0.1',
  description: 'As it has told last: ask it by the command get-variables or get-base-report.',
  querystring: Type.Object({
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 50, description: 'Of this name, whatever its case' }),
    ),
    ...Paged,
  }),
  response: {
    200: Type.Object({ variables: Type.Array(named(VariableItem)), next: Next }),
    ...PROBLEMS,
  },
}

const localListSchema = {
  ...OF_ONE,
  operationId: 'getLocalList',
  summary: 'The tokens that it knows without asking',
  querystring: Type.Object(Paged),
  response: { 200: Type.Object({ ...LocalListFacts, next: Next }), ...PROBLEMS },
}

const certificatesSchema = {
  ...OF_ONE,
  operationId: 'listCertificates',
  summary: 'Certificates that are installed on it',
  querystring: Type.Object(Paged),
  response: {
    200: Type.Object({ certificates: Type.Array(named(CertificateItem)), next: Next }),
    ...PROBLEMS,
  },
}
