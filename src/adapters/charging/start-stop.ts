import { sql, type Transaction } from 'kysely'
import type {
  ChargingTransaction,
  TransactionStart,
  TransactionStop,
} from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import type { Database, Tables } from '../database/database.ts'
import { type MeterState, newestOf, registersOf } from './meter.ts'
import { insertReadings, toReadingRow } from './readings.ts'
import { inOrder, usually } from './store-context.ts'
import {
  ROW_COLUMNS,
  type StoredTransactionRow,
  startKey,
  toTransaction,
} from './transaction-rows.ts'

const START_COLUMNS = {
  key: 'text',
  charge_point_id: 'text',
  evse_id: 'integer',
  connector_id: 'integer',
  token_uid: 'text',
  token_key: 'text',
  token_group_id: 'text',
  started_at: 'integer',
  meter_start_wh: 'real',
  reservation_id: 'integer',
} as const

/** The engine counts the numbers; what is told again meets its own row. */
export async function start(
  { rows }: Database,
  trx: Transaction<Tables>,
  starts: readonly TransactionStart[],
): Promise<ChargingTransaction[]> {
  const keys = starts.map(startKey)
  const given = new Map<string, object>()
  for (const [at, one] of starts.entries()) {
    const key = keys[at] ?? ''
    if (!given.has(key)) given.set(key, toStartRow(key, one))
  }
  const list = sql.raw(Object.keys(START_COLUMNS).join(', '))
  // DO NOTHING would not return those that are there already.
  const { rows: stored } = await sql<StoredTransactionRow>`
    INSERT INTO charging_transaction (${list}, meter_wh, meter_at, was_offline, revision)
    SELECT ${list}, meter_start_wh, started_at, 0, 0
    FROM ${rows('x', START_COLUMNS, inOrder(given))} WHERE true
    ON CONFLICT (key) DO UPDATE SET revision = charging_transaction.revision + 1
    RETURNING *`.execute(trx)
  const byKey = new Map(stored.map((row) => [row.key, row]))
  return keys.map((key) => toTransaction(byKey.get(key) as StoredTransactionRow))
}

function toStartRow(key: string, start: TransactionStart) {
  return {
    key,
    charge_point_id: start.chargePointId,
    evse_id: start.evseId,
    connector_id: start.connectorId,
    token_uid: start.tokenUid,
    token_key: sameToken(start.tokenUid),
    token_group_id: start.tokenGroupId,
    started_at: start.at,
    meter_start_wh: start.meterStartWh,
    reservation_id: start.reservationId,
  }
}

const STOP_COLUMNS = {
  charge_point_id: 'text',
  number: 'integer',
  at: 'integer',
  wh: 'real',
  reason: 'text',
  token_uid: 'text',
  meter_at: 'integer',
  meter_wh: 'real',
} as const

/** The first stop of each counts; its readings go with it. */
export async function stop(
  database: Database,
  trx: Transaction<Tables>,
  stops: readonly TransactionStop[],
): Promise<(ChargingTransaction | undefined)[]> {
  const first = new Map<string, TransactionStop>()
  for (const one of stops) {
    const key = stopKey(one.chargePointId, one.number)
    if (!first.has(key)) first.set(key, one)
  }
  const stopped = await updateStopped(database, trx, inOrder(first))
  const readings = stopped.flatMap(({ charge_point_id, number }) => {
    const own = first.get(stopKey(charge_point_id, number))?.readings ?? []
    return own.map((reading) => toReadingRow(number, reading))
  })
  await insertReadings(database, trx, readings)
  const found = new Map(stopped.map((row) => [stopKey(row.charge_point_id, row.number), row]))
  const missing = [...first].filter(([key]) => !found.has(key)).map(([, one]) => one)
  for (const row of await findStopped(database, trx, missing)) {
    found.set(stopKey(row.charge_point_id, row.number), row)
  }
  return stops.map(({ chargePointId, number }) => {
    const row = found.get(stopKey(chargePointId, number))
    return row === undefined ? undefined : toTransaction(row)
  })
}

async function updateStopped(
  { rows }: Database,
  trx: Transaction<Tables>,
  stops: readonly TransactionStop[],
): Promise<StoredTransactionRow[]> {
  const isNewer = sql`(charging_transaction.meter_at IS NULL
    OR charging_transaction.meter_at < x.meter_at
    OR (charging_transaction.meter_at = x.meter_at AND charging_transaction.meter_wh < x.meter_wh))`
  const { rows: stopped } = await sql<StoredTransactionRow>`
    UPDATE charging_transaction SET
      stopped_at = x.at,
      meter_stop_wh = x.wh,
      stop_reason = x.reason,
      stop_token_uid = x.token_uid,
      meter_at = CASE WHEN ${isNewer} THEN x.meter_at ELSE charging_transaction.meter_at END,
      meter_wh = CASE WHEN ${isNewer} THEN x.meter_wh ELSE charging_transaction.meter_wh END
    FROM ${rows('x', STOP_COLUMNS, stops.map(toStopRow))}
    WHERE charging_transaction.number = x.number
      AND charging_transaction.charge_point_id = x.charge_point_id
      AND ${usually(sql`charging_transaction.own_id IS NULL AND charging_transaction.stopped_at IS NULL`)}
    RETURNING ${sql.raw(ROW_COLUMNS)}`.execute(trx)
  return stopped
}

function toStopRow(stop: TransactionStop) {
  const end: MeterState = { at: stop.at, wh: stop.meterStopWh }
  const meter = newestOf([end, ...registersOf(stop.readings)]) ?? end
  return {
    charge_point_id: stop.chargePointId,
    number: stop.number,
    at: stop.at,
    wh: stop.meterStopWh,
    reason: stop.reason,
    token_uid: stop.tokenUid,
    meter_at: meter.at,
    meter_wh: meter.wh,
  }
}

async function findStopped(
  { rows }: Database,
  trx: Transaction<Tables>,
  stops: readonly TransactionStop[],
): Promise<StoredTransactionRow[]> {
  if (stops.length === 0) return []
  const asked = stops.map(({ chargePointId, number }) => ({ id: chargePointId, number }))
  const { rows: found } = await sql<StoredTransactionRow>`
    SELECT charging_transaction.*
    FROM ${rows('x', { id: 'text', number: 'integer' }, asked)}
    CROSS JOIN charging_transaction
    WHERE charging_transaction.number = x.number
      AND charging_transaction.charge_point_id = x.id
      AND ${usually(sql`charging_transaction.own_id IS NULL`)}`.execute(trx)
  return found
}

function stopKey(chargePointId: string, number: number): string {
  return `${chargePointId}/${number}`
}
