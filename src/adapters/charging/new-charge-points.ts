import { sql, type Transaction } from 'kysely'
import type { ChargePointSettings } from '../../domain/charge-point.ts'
import type { Database, Tables } from '../database/database.ts'
import { inOrder, lastOf } from './store-context.ts'

export interface NewChargePoint {
  readonly id: string
  readonly settings: ChargePointSettings
  readonly keyHash: string | undefined
  readonly at: number
}

const COLUMNS = {
  id: 'text',
  registration: 'text',
  security_profile_min: 'integer',
  leniency: 'json',
  note: 'text',
  key_hash: 'text',
  created_at: 'integer',
} as const

/** Whether each is new: false for those that are there, and for all but the first of the same id. */
export async function createChargePoints(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  items: readonly NewChargePoint[],
): Promise<boolean[]> {
  const first = lastOf(items.toReversed(), ({ id }) => id)
  const list = sql.raw(Object.keys(COLUMNS).join(', '))
  const { rows: created } = await sql<{ id: string }>`
    INSERT INTO charge_point (${list}, epoch)
    SELECT ${list}, 0 FROM ${eachRow('x', COLUMNS, inOrder(first).map(toRow))} WHERE true
    ON CONFLICT DO NOTHING
    RETURNING id`.execute(trx)
  const ids = new Set(created.map(({ id }) => id))
  return items.map((item) => first.get(item.id) === item && ids.has(item.id))
}

function toRow({ id, settings, keyHash, at }: NewChargePoint) {
  return {
    id,
    registration: settings.registration,
    security_profile_min: settings.securityProfileMin,
    leniency: settings.leniency,
    note: settings.note,
    key_hash: keyHash,
    created_at: at,
  }
}
