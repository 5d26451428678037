import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { CHARGE_POINT_ID, type ChargePointSettings } from '../../domain/charge-point.ts'
import { publicError } from '../../domain/errors.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../../http/schemas.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargePoints } from '../../ports/charge-points.ts'
import type { ChargingRecords } from '../../ports/charging-records.ts'
import type { ChargePointKeys } from '../charge-point-keys.ts'
import { decodeTextCursor, decodeTimeCursor, encodeCursor } from './cursor.ts'
import { renderChargePoint, renderConnector, renderRecord } from './render.ts'
import {
  After,
  ChargePointChange,
  ChargePointItem,
  ChargePointParameter,
  ConnectorItem,
  Limit,
  Next,
  RECORD_KINDS,
  RecordItem,
} from './schemas.ts'

export interface ChargePointRoutesOptions {
  readonly chargePoints: ChargePoints
  readonly records: ChargingRecords
  readonly keys: ChargePointKeys
  /** It is gone, or may not work any more: its connection is to be closed. */
  readonly onTurnedAway: (chargePointId: string) => void
  /** Its settings are different now. */
  readonly onChanged: (chargePointId: string) => void
}

/** Against somebody who removes what this one registers. */
const ATTEMPTS_MAX = 3
const WRONG_ID = 'The id must have no colon and no control character, and not be “.” or “..”.'
const NEW: ChargePointSettings = { registration: 'accepted', securityProfileMin: 0, leniency: [] }

export const chargePointRoutes: FastifyPluginAsyncTypebox<ChargePointRoutesOptions> = async (
  app,
  { chargePoints, records, keys, onTurnedAway, onChanged },
) => {
  app.get('/charge-points', { schema: listSchema }, async ({ query }) => {
    const { after, connected: isConnected, limit = 50 } = query
    const afterId = after === undefined ? undefined : decodeTextCursor(after)
    const page = await chargePoints.list({ ...compact({ afterId, isConnected }), limit })
    const last = page.length < limit ? undefined : page.at(-1)
    return {
      chargePoints: page.map(renderChargePoint),
      next: last === undefined ? null : encodeCursor([last.id]),
    }
  })

  app.get('/charge-points/:chargePointId', { schema: getSchema }, async ({ params }) => {
    const { chargePointId: id } = params
    const [chargePoint, connectors] = await Promise.all([
      chargePoints.find(id),
      chargePoints.connectors(id),
    ])
    if (chargePoint === undefined) throw unknownChargePoint(id)
    return { ...renderChargePoint(chargePoint), connectors: connectors.map(renderConnector) }
  })

  app.put('/charge-points/:chargePointId', { schema: putSchema }, async ({ params, body }) => {
    const { chargePointId: id } = params
    if (!CHARGE_POINT_ID.test(id)) throw publicError('invalid', WRONG_ID)
    const { key, ...settings } = body
    const change = compact(settings)
    const keyHash = key === undefined || key === null ? key : keys.hash(id, parseKey(key))
    const before = await chargePoints.find(id)
    requireKey(settings.securityProfileMin ?? before?.securityProfileMin, key, before?.keyHash)
    await createOrChange(id, change, keyHash)
    const chargePoint = await chargePoints.find(id)
    if (chargePoint === undefined) throw unknownChargePoint(id)
    const isHarder = chargePoint.securityProfileMin > (before?.securityProfileMin ?? 0)
    if (settings.registration === 'rejected' || key !== undefined || isHarder) onTurnedAway(id)
    else onChanged(id)
    return renderChargePoint(chargePoint)
  })

  async function createOrChange(
    id: string,
    change: Partial<ChargePointSettings>,
    keyHash: string | null | undefined,
  ): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (await chargePoints.create(id, { ...NEW, ...change }, keyHash ?? undefined)) return
      // False: somebody has removed it in between.
      if (await chargePoints.change(id, { ...change, ...compact({ keyHash }) })) return
    }
  }

  app.delete(
    '/charge-points/:chargePointId',
    { schema: deleteSchema },
    async ({ params }, reply) => {
      if (!(await chargePoints.remove(params.chargePointId))) {
        throw unknownChargePoint(params.chargePointId)
      }
      onTurnedAway(params.chargePointId)
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/charge-points/:chargePointId/status-history',
    { schema: historySchema },
    async ({ params: { chargePointId }, query: { after, limit = 50 } }) => {
      const beforeAt = after === undefined ? undefined : decodeTimeCursor(after).at
      const query = { chargePointId, ...compact({ beforeAt }), limit }
      const statuses = await chargePoints.statusHistory(query)
      const last = statuses.length < limit ? undefined : statuses.at(-1)
      return {
        statuses: statuses.map(renderConnector),
        next: last === undefined ? null : encodeCursor([last.at, '']),
      }
    },
  )

  app.get(
    '/charge-points/:chargePointId/records',
    { schema: recordsSchema },
    async ({ params: { chargePointId }, query: { kind, after, limit = 50 } }) => {
      const place = after === undefined ? undefined : decodeTimeCursor(after)
      const before = place === undefined ? undefined : { at: place.at, key: place.id }
      const query = { chargePointId, ...compact({ kind, before }), limit }
      const page = await records.list(query)
      const last = page.length < limit ? undefined : page.at(-1)
      return {
        records: page.map(renderRecord),
        next: last === undefined ? null : encodeCursor([last.at, last.key]),
      }
    },
  )
}

/** Otherwise nobody could connect, and nobody would know why. */
function requireKey(
  profileMin = 0,
  key: string | null | undefined,
  keyHashBefore: string | undefined,
): void {
  const hasKey = key === undefined ? keyHashBefore !== undefined : key !== null
  if (profileMin === 0 || hasKey) return
  throw publicError('invalid', '`securityProfileMin` above 0 needs a password: `key`')
}

/** Bytes written as hex digits (OCPP 1.6 whitepaper §2.3), or the text itself. */
function parseKey(key: string): Buffer {
  const isHex = /^(?:[0-9A-Fa-f]{2}){16,20}$/.test(key)
  if (!isHex && (key.length < 16 || key.length > 40)) {
    throw publicError('invalid', '`key` must be 16 to 40 characters, or 32 to 40 hex digits')
  }
  return isHex ? Buffer.from(key, 'hex') : Buffer.from(key, 'utf8')
}

function unknownChargePoint(id: string) {
  return publicError('not-found', `There is no charge point ${id}.`)
}

const COMMON = { tags: ['charging'], security: BEARER }
const Page = { after: Type.Optional(After), limit: Type.Optional(Limit) }

const listSchema = {
  ...COMMON,
  operationId: 'listChargePoints',
  summary: 'Charge points, in order of their ids',
  querystring: Type.Object({
    connected: Type.Optional(
      Type.Boolean({ description: 'true: only these; false: only the others' }),
    ),
    ...Page,
  }),
  response: {
    200: Type.Object({ chargePoints: Type.Array(named(ChargePointItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const getSchema = {
  ...COMMON,
  operationId: 'getChargePoint',
  summary: 'One charge point with its connectors',
  params: ChargePointParameter,
  response: {
    200: Type.Object({
      ...ChargePointItem.properties,
      connectors: Type.Array(named(ConnectorItem)),
    }),
    ...COMMON_PROBLEMS,
    ...NOT_FOUND,
  },
}

const putSchema = {
  ...COMMON,
  operationId: 'putChargePoint',
  summary: 'Registers a charge point, or changes its settings',
  description:
    'What is not given stays as it is; a new one is accepted without a password. With another key, a higher security profile or rejected, it is disconnected, from whichever instance.',
  params: ChargePointParameter,
  body: ChargePointChange,
  response: { 200: named(ChargePointItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const deleteSchema = {
  ...COMMON,
  operationId: 'deleteChargePoint',
  summary: 'Removes a charge point; its transactions stay',
  params: ChargePointParameter,
  response: { 204: Type.Null(), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const historySchema = {
  ...COMMON,
  operationId: 'listConnectorStatuses',
  summary: 'What its connectors were, newest first',
  params: ChargePointParameter,
  querystring: Type.Object(Page),
  response: {
    200: Type.Object({ statuses: Type.Array(named(ConnectorItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const kind = Type.Unsafe<(typeof RECORD_KINDS)[number]>(Type.String({ enum: [...RECORD_KINDS] }))

const recordsSchema = {
  ...COMMON,
  operationId: 'listChargingRecords',
  summary: 'What else it has told: security events, firmware, logs, reports; newest first',
  params: ChargePointParameter,
  querystring: Type.Object({ kind: Type.Optional(kind), ...Page }),
  response: {
    200: Type.Object({ records: Type.Array(RecordItem), next: Next }),
    ...COMMON_PROBLEMS,
  },
}
