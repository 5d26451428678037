import { sql } from 'kysely'
import type { Migration } from './migration.ts'

export const chargingHoldings: Migration = {
  async up(db) {
    await db.schema
      .createTable('charging_holding')
      .addColumn('charge_point_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('state', 'text')
      .addColumn('document', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addPrimaryKeyConstraint('charging_holding_key', ['charge_point_id', 'kind', 'key'])
      .execute()
    // Few of all expire: reservations.
    await sql`CREATE INDEX charging_holding_by_expiry
      ON charging_holding (expires_at, charge_point_id, key)
      WHERE expires_at IS NOT NULL`.execute(db)
    await sql`CREATE INDEX charging_holding_by_state
      ON charging_holding (state, expires_at, charge_point_id, key)
      WHERE expires_at IS NOT NULL`.execute(db)
    await db.schema
      .createTable('charging_list_version')
      .addColumn('charge_point_id', 'text', (column) => column.primaryKey())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .execute()
  },
}
