import { sql, type Transaction } from 'kysely'
import type { Database, Tables } from '../database/database.ts'
import type { StoredTransactionRow } from './transaction-rows.ts'

/** As the partial indices have it; which of these have been silent for long, they don't know. */
export const IS_RUNNING = 'stopped_at IS NULL AND superseded_at IS NULL AND closed_at IS NULL'

const COLUMNS = {
  charge_point_id: 'text',
  evse_id: 'integer',
  number: 'integer',
  started_at: 'integer',
} as const

/**
 * An EVSE serves one vehicle at a time: when another transaction has begun there, the end of the one
 * before was never told, or comes late. It has to be before by the charge point's clock and by the order
 * in which they were told: one of the two can be wrong.
 * @param later of transactions that have just begun, or whose EVSE has just become known
 */
export async function supersede(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  later: readonly StoredTransactionRow[],
  now: number,
): Promise<void> {
  // 0 is the charge point itself, or not known yet.
  let left = later.filter(({ evse_id }) => evse_id > 0).map(toRow)
  while (left.length > 0) {
    // The last one before each of them; seldom there is more than one. As a join PostgreSQL would read
    // all that are running; + 0 keeps it from other indices than that of the place.
    const { rows: superseded } = await sql<StoredTransactionRow>`
      UPDATE charging_transaction SET superseded_at = ${now}
      WHERE number IN (
        SELECT (
          SELECT max(before.number + 0) FROM charging_transaction before
          WHERE before.charge_point_id = x.charge_point_id
            AND before.evse_id = x.evse_id AND before.evse_id > 0
            AND before.number + 0 < x.number
            AND before.started_at + 0 < x.started_at
            AND ${sql.raw(IS_RUNNING)}
        ) FROM ${eachRow('x', COLUMNS, left)}
      )
      RETURNING charge_point_id, evse_id`.execute(trx)
    const again = new Set(superseded.map(placeOf))
    left = left.filter((row) => again.has(placeOf(row)))
  }
}

function toRow({ charge_point_id, evse_id, number, started_at }: StoredTransactionRow) {
  return { charge_point_id, evse_id, number, started_at }
}

function placeOf(row: Pick<StoredTransactionRow, 'charge_point_id' | 'evse_id'>): string {
  return `${row.evse_id}/${row.charge_point_id}`
}
