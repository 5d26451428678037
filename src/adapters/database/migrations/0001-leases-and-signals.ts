import type { Migration } from './migration.ts'

export const leasesAndSignals: Migration = {
  async up(db, { counter, counted }) {
    await db.schema
      .createTable('lease')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('signal')
      .addColumn('id', counter, (column) => counted(column.primaryKey()))
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('signal_by_time').on('signal').column('created_at').execute()
  },
}
