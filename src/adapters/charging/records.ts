import { sql, type Transaction } from 'kysely'
import type { JsonObject } from '../../domain/json.ts'
import type { ChargingRecord, ChargingRecords } from '../../ports/charging-records.ts'
import type { Tables } from '../database/database.ts'
import type { StoreContext } from './store-context.ts'

const COLUMNS = {
  charge_point_id: 'text',
  kind: 'text',
  key: 'text',
  at: 'integer',
  document: 'json',
} as const

export class StoredChargingRecords implements ChargingRecords {
  readonly #context: StoreContext
  readonly #add: (record: ChargingRecord) => Promise<undefined>

  constructor(context: StoreContext) {
    this.#context = context
    this.#add = context.commit.kind((trx, records) => this.#insert(trx, records))
  }

  add(record: ChargingRecord): Promise<void> {
    return this.#add(record)
  }

  async list({
    chargePointId,
    kind,
    before,
    limit,
  }: Parameters<ChargingRecords['list']>[0]): Promise<readonly ChargingRecord[]> {
    const rows = await this.#context.database.run((db) => {
      let query = db
        .selectFrom('charging_record')
        .selectAll()
        .where('charge_point_id', '=', chargePointId)
      if (kind !== undefined) query = query.where('kind', '=', kind)
      if (before !== undefined) {
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('at', 'key'), '<', tuple(before.at, before.key)),
        )
      }
      return query.orderBy('at', 'desc').orderBy('key', 'desc').limit(limit).execute()
    })
    return rows.map((row) => ({
      chargePointId: row.charge_point_id,
      kind: row.kind,
      at: row.at,
      key: row.key,
      document: JSON.parse(row.document) as JsonObject,
    }))
  }

  async #insert(
    trx: Transaction<Tables>,
    records: readonly ChargingRecord[],
  ): Promise<undefined[]> {
    const given = records.map(({ chargePointId, ...rest }) => ({
      charge_point_id: chargePointId,
      ...rest,
    }))
    const list = sql.raw(Object.keys(COLUMNS).join(', '))
    await sql`
      INSERT INTO charging_record (${list}, stored_at)
      SELECT ${list}, CAST(${this.#context.now()} AS bigint)
      FROM ${this.#context.database.eachRow('x', COLUMNS, given)} WHERE true
      ON CONFLICT DO NOTHING`.execute(trx)
    return records.map(() => undefined)
  }
}
