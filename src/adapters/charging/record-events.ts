import { sql, type Transaction } from 'kysely'
import type { TransactionEvent } from '../../domain/charging-transaction.ts'
import type { Database, Tables } from '../database/database.ts'
import { boundedEvent } from './bounded-numbers.ts'
import { joinEvent } from './join-event.ts'
import { insertReadings, toReadingRow } from './readings.ts'
import { inOrder } from './store-context.ts'
import { supersede } from './supersede.ts'
import { ownKey, ROW_COLUMNS, type StoredTransactionRow } from './transaction-rows.ts'

const NEW_COLUMNS = {
  key: 'text',
  charge_point_id: 'text',
  own_id: 'text',
  started_at: 'integer',
} as const

/** What events can change. */
const JOINED_COLUMNS = {
  evse_id: 'integer',
  connector_id: 'integer',
  token_uid: 'text',
  token_key: 'text',
  token_group_id: 'text',
  started_at: 'integer',
  meter_start_wh: 'real',
  meter_wh: 'real',
  meter_at: 'integer',
  stopped_at: 'integer',
  meter_stop_wh: 'real',
  stop_reason: 'text',
  charging_state: 'text',
  remote_start_id: 'integer',
  reservation_id: 'integer',
  was_offline: 'integer',
  versions: 'text',
  told_at: 'integer',
  ended_at: 'integer',
  readings_dropped: 'integer',
} as const

/** Each row is locked, joined with its events (join-event.ts) and written back. */
export async function record(
  database: Database,
  trx: Transaction<Tables>,
  told: readonly TransactionEvent[],
  now: number,
): Promise<StoredTransactionRow[]> {
  const events = told.map(boundedEvent)
  const keys = events.map(({ chargePointId, ownId }) => ownKey(chargePointId, ownId))
  const locked = await lockRows(database, trx, events, keys)
  const joined = new Map(locked)
  for (const [at, event] of events.entries()) {
    const key = keys[at] ?? ''
    const row = joined.get(key) as StoredTransactionRow
    joined.set(key, noteTold(row, joinEvent(row, event, now), event, now))
  }
  await updateJoined(database, trx, inOrder(joined))
  const isPlacedNow = ({ key }: StoredTransactionRow): boolean => locked.get(key)?.evse_id === 0
  await supersede(database, trx, inOrder(joined).filter(isPlacedNow), now)
  const readings = events.flatMap((event, at) => {
    const number = joined.get(keys[at] ?? '')?.number ?? 0
    return event.readings.map((reading) => toReadingRow(number, reading))
  })
  await insertReadings(database, trx, readings)
  return keys.map((key) => joined.get(key) as StoredTransactionRow)
}

/** By our clock; it is no part of the join, because each time that it is told is later. */
function noteTold(
  before: StoredTransactionRow,
  row: StoredTransactionRow,
  { readings }: TransactionEvent,
  now: number,
): StoredTransactionRow {
  const isEndNew = before.stopped_at === null && row.stopped_at !== null
  return {
    ...row,
    told_at: now,
    ended_at: isEndNew ? now : row.ended_at,
    readings_dropped: readings.length > 0 ? 0 : row.readings_dropped,
  }
}

/**
 * As they are, or new ones; nobody else changes them until the end of this transaction. Only what is new
 * is inserted: each attempt takes a number, whatever comes of it, and 1.6 has 32 bits for them.
 */
async function lockRows(
  { eachRow, rows }: Database,
  trx: Transaction<Tables>,
  events: readonly TransactionEvent[],
  keys: readonly string[],
): Promise<Map<string, StoredTransactionRow>> {
  const given = new Map<string, object>()
  for (const [index, { chargePointId, ownId, at }] of events.entries()) {
    const key = keys[index] ?? ''
    given.set(key, { key, charge_point_id: chargePointId, own_id: ownId, started_at: at })
  }
  const { rows: known } = await sql<StoredTransactionRow>`
    UPDATE charging_transaction SET revision = charging_transaction.revision + 1
    FROM ${eachRow('x', NEW_COLUMNS, inOrder(given))}
    WHERE charging_transaction.key = x.key
    RETURNING ${sql.raw(ROW_COLUMNS)}`.execute(trx)
  const locked = new Map(known.map((row) => [row.key, row]))
  const missing = new Map([...given].filter(([key]) => !locked.has(key)))
  if (missing.size === 0) return locked
  const list = sql.raw(Object.keys(NEW_COLUMNS).join(', '))
  const { rows: added } = await sql<StoredTransactionRow>`
    INSERT INTO charging_transaction (${list}, evse_id, connector_id, was_offline, revision)
    SELECT ${list}, 0, 0, 0, 0 FROM ${rows('x', NEW_COLUMNS, inOrder(missing))} WHERE true
    ON CONFLICT (key) DO UPDATE SET revision = charging_transaction.revision + 1
    RETURNING *`.execute(trx)
  for (const row of added) locked.set(row.key, row)
  return locked
}

async function updateJoined(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  joined: readonly StoredTransactionRow[],
): Promise<void> {
  const names = Object.keys(JOINED_COLUMNS)
  const given = joined.map((row) => pick(row, ['number', ...names]))
  const changes = sql.raw(names.map((name) => `${name} = x.${name}`).join(', '))
  await sql`
    UPDATE charging_transaction SET ${changes}
    FROM ${eachRow('x', { number: 'integer', ...JOINED_COLUMNS }, given)}
    WHERE charging_transaction.number = x.number`.execute(trx)
}

function pick(row: object, names: readonly string[]): object {
  const all = row as Record<string, unknown>
  return Object.fromEntries(names.map((name) => [name, all[name]]))
}
