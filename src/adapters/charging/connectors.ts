import { hash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { ConnectorStatus } from '../../domain/charge-point.ts'
import type { Database, Tables } from '../database/database.ts'
import { boundedPlace } from './bounded-numbers.ts'
import { toConnectorRow } from './charge-point-rows.ts'
import { inOrder, lastOf } from './store-context.ts'

const COLUMNS = {
  charge_point_id: 'text',
  evse_id: 'integer',
  connector_id: 'integer',
  state: 'text',
  at: 'integer',
  error_code: 'text',
  info: 'text',
  vendor_id: 'text',
  vendor_error_code: 'text',
} as const

/** The state of each connector, unless a later one is known, and its history. */
export async function reportStatuses(
  database: Database,
  trx: Transaction<Tables>,
  statuses: readonly ConnectorStatus[],
  now: number,
): Promise<undefined[]> {
  const given = statuses
    .map(boundedPlace)
    .map((status) => ({ ...toConnectorRow(status), hash: hashOf(status) }))
  const inTime = given.toSorted((a, b) => a.at - b.at)
  const newest = lastOf(inTime, (row) =>
    [row.charge_point_id, row.evse_id, row.connector_id].join(':'),
  )
  const list = sql.raw(Object.keys(COLUMNS).join(', '))
  const update = sql`
    INSERT INTO charging_connector (${list})
    SELECT ${list} FROM ${database.eachRow('x', COLUMNS, inOrder(newest))} WHERE true
    ON CONFLICT (charge_point_id, evse_id, connector_id) DO UPDATE SET
      state = excluded.state,
      at = excluded.at,
      error_code = excluded.error_code,
      info = excluded.info,
      vendor_id = excluded.vendor_id,
      vendor_error_code = excluded.vendor_error_code
    WHERE charging_connector.at <= excluded.at`
  const insert = sql`
    INSERT INTO charging_status (${list}, hash, stored_at)
    SELECT ${list}, hash, CAST(${now} AS bigint) FROM ${database.eachRow('x', { ...COLUMNS, hash: 'text' }, given)} WHERE true
    ON CONFLICT DO NOTHING`
  await database.executeLast(trx, update)
  await database.executeLast(trx, insert)
  return statuses.map(() => undefined)
}

function hashOf(status: ConnectorStatus): string {
  const { evseId, connectorId, state, errorCode, info, vendorId, vendorErrorCode } = status
  const told = [evseId, connectorId, state, errorCode, info, vendorId, vendorErrorCode]
  return hash('sha1', JSON.stringify(told), 'base64url').slice(0, 11)
}
