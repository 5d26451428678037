import type { Migration } from './migration.ts'

export const firehoseRequests: Migration = {
  async up(db) {
    await db.schema
      .createTable('firehose_request')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('object_key', 'text', (column) => column.notNull())
      .addColumn('is_stored', 'integer', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('firehose_request_by_time')
      .on('firehose_request')
      .column('at')
      .execute()
  },
}
