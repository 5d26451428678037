import { sql, type Transaction } from 'kysely'
import type {
  ChargingData,
  ChargingRetention,
  DroppedStep,
} from '../../ports/charging-retention.ts'
import type { Database, Tables } from '../database/database.ts'
import { STEP_ROWS, type StoreContext } from './store-context.ts'

/** Transactions of a step; their readings may take several. */
const STEP_TRANSACTIONS = 100

interface DatedTable {
  readonly table: string
  readonly key: string
  /** An index begins with it. */
  readonly time: string
}

const TABLES: Readonly<Record<Exclude<ChargingData, 'readings' | 'transactions'>, DatedTable>> = {
  'place-readings': {
    table: 'charging_place_reading',
    key: 'charge_point_id, at, evse_id, connector_id, hash',
    time: 'stored_at',
  },
  records: { table: 'charging_record', key: 'charge_point_id, kind, key', time: 'stored_at' },
  statuses: { table: 'charging_status', key: 'charge_point_id, at, hash', time: 'stored_at' },
  commands: { table: 'charging_command', key: 'id', time: 'ended_at' },
  // Nothing else of that table has an expiry.
  reservations: {
    table: 'charging_holding',
    key: 'charge_point_id, kind, key',
    time: 'expires_at',
  },
}

export class StoredChargingRetention implements ChargingRetention {
  readonly #database: Database

  constructor({ database }: Pick<StoreContext, 'database'>) {
    this.#database = database
  }

  dropStep(data: ChargingData, before: number): Promise<DroppedStep> {
    return data === 'readings' || data === 'transactions'
      ? this.#database.transaction((trx) => dropEnded(trx, data, before))
      : this.#dropRows(TABLES[data], before)
  }

  async #dropRows({ table, key, time }: DatedTable, before: number): Promise<DroppedStep> {
    const [from, columns, at] = [table, key, time].map((name) => sql.raw(name))
    const { numAffectedRows } = await this.#database.run((db) =>
      sql`DELETE FROM ${from} WHERE (${columns}) IN (
        SELECT ${columns} FROM ${from} WHERE ${at} < ${before} ORDER BY ${at} LIMIT ${STEP_ROWS}
      )`.execute(db),
    )
    const dropped = Number(numAffectedRows ?? 0)
    return { dropped, isDone: dropped < STEP_ROWS }
  }
}

/** Readings have no time of ours: they go with their transactions, of which some have very many. */
async function dropEnded(
  trx: Transaction<Tables>,
  data: 'readings' | 'transactions',
  before: number,
): Promise<DroppedStep> {
  const rows = await trx
    .selectFrom('charging_transaction')
    .select('number')
    .where('readings_dropped', '=', data === 'readings' ? 0 : 1)
    .where('ended_at', '<', before)
    .orderBy('ended_at')
    .limit(STEP_TRANSACTIONS)
    .execute()
  if (rows.length === 0) return { dropped: 0, isDone: true }
  const numbers = rows.map(({ number }) => number)
  const readings = await dropReadings(trx, numbers)
  if (readings === STEP_ROWS) {
    return { dropped: data === 'readings' ? readings : 0, isDone: false }
  }
  const isDone = rows.length < STEP_TRANSACTIONS
  if (data === 'readings') {
    await trx
      .updateTable('charging_transaction')
      .set({ readings_dropped: 1 })
      .where('number', 'in', numbers)
      .execute()
    return { dropped: readings, isDone }
  }
  await trx.deleteFrom('charging_transaction').where('number', 'in', numbers).execute()
  return { dropped: rows.length, isDone }
}

async function dropReadings(trx: Transaction<Tables>, numbers: readonly number[]): Promise<number> {
  const key = sql.raw('transaction_number, at, hash')
  const { numAffectedRows } = await sql`DELETE FROM charging_reading WHERE (${key}) IN (
    SELECT ${key} FROM charging_reading
    WHERE transaction_number IN (${sql.join(numbers)}) LIMIT ${STEP_ROWS}
  )`.execute(trx)
  return Number(numAffectedRows ?? 0)
}
