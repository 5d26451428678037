import { sql, type Transaction } from 'kysely'
import type { TransactionStart, TransactionStop } from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import type { Database, Tables } from '../database/database.ts'
import { boundedNumber, boundedStart } from './bounded-numbers.ts'
import { type MeterState, newerOf, newestRegister } from './meter.ts'
import { insertReadings, toReadingRow } from './readings.ts'
import { inOrder, usually } from './store-context.ts'
import { supersede } from './supersede.ts'
import { ROW_COLUMNS, type StoredTransactionRow, startKey } from './transaction-rows.ts'

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
  meter_at: 'integer',
  reservation_id: 'integer',
} as const

/** The engine counts the numbers; what is told again meets its own row. */
export async function start(
  database: Database,
  trx: Transaction<Tables>,
  starts: readonly TransactionStart[],
  now: number,
): Promise<StoredTransactionRow[]> {
  const keys = starts.map(startKey)
  const given = new Map<string, object>()
  for (const [at, one] of starts.entries()) {
    const key = keys[at] ?? ''
    if (!given.has(key)) given.set(key, toStartRow(key, one, now))
  }
  const list = sql.raw(Object.keys(START_COLUMNS).join(', '))
  // DO NOTHING would not return those that are there already.
  const { rows: stored } = await sql<StoredTransactionRow>`
    INSERT INTO charging_transaction (${list}, meter_wh, was_offline, revision, told_at)
    SELECT ${list}, meter_start_wh, 0, 0, CAST(${now} AS bigint)
    FROM ${database.rows('x', START_COLUMNS, inOrder(given))} WHERE true
    ON CONFLICT (key) DO UPDATE SET
      revision = charging_transaction.revision + 1,
      told_at = excluded.told_at
    RETURNING *`.execute(trx)
  const isNew = ({ revision }: StoredTransactionRow): boolean => revision === 0
  await supersede(database, trx, stored.filter(isNew), now)
  const byKey = new Map(stored.map((row) => [row.key, row]))
  return keys.map((key) => byKey.get(key) as StoredTransactionRow)
}

function toStartRow(key: string, told: TransactionStart, now: number) {
  const start = boundedStart(told)
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
    meter_at: Math.min(start.at, now),
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
  now: number,
): Promise<(StoredTransactionRow | undefined)[]> {
  const first = new Map<string, TransactionStop>()
  for (const one of stops) {
    const key = stopKey(one.chargePointId, one.number)
    if (!first.has(key)) first.set(key, one)
  }
  const stopped = await updateStopped(database, trx, inOrder(first), now)
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
  return stops.map(({ chargePointId, number }) => found.get(stopKey(chargePointId, number)))
}

async function updateStopped(
  { rows }: Database,
  trx: Transaction<Tables>,
  stops: readonly TransactionStop[],
  now: number,
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
      told_at = ${now},
      ended_at = ${now},
      readings_dropped = 0,
      meter_at = CASE WHEN ${isNewer} THEN x.meter_at ELSE charging_transaction.meter_at END,
      meter_wh = CASE WHEN ${isNewer} THEN x.meter_wh ELSE charging_transaction.meter_wh END
    FROM ${rows(
      'x',
      STOP_COLUMNS,
      stops.map((stop) => toStopRow(stop, now)),
    )}
    WHERE charging_transaction.number = x.number
      AND charging_transaction.charge_point_id = x.charge_point_id
      AND ${usually(sql`charging_transaction.own_id IS NULL AND charging_transaction.stopped_at IS NULL`)}
    RETURNING ${sql.raw(ROW_COLUMNS)}`.execute(trx)
  return stopped
}

function toStopRow(stop: TransactionStop, now: number) {
  const end: MeterState = { at: Math.min(stop.at, now), wh: stop.meterStopWh }
  const meter = newerOf(end, newestRegister(stop.readings, now)) ?? end
  return {
    charge_point_id: stop.chargePointId,
    number: boundedNumber(stop.number),
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
  const asked = stops.map(({ chargePointId, number }) => ({
    id: chargePointId,
    number: boundedNumber(number),
  }))
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
