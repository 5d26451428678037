import type { Migration } from './migration.ts'

export const leaseValue: Migration = {
  async up(db) {
    await db.schema
      .alterTable('lease')
      .addColumn('value', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
