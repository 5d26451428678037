import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Migration } from './migration.ts'

export const deadLetters: Migration = {
  async up(db) {
    await createLetters(db)
    await db.schema
      .createTable('dead_letter_object')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('removable', 'integer', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('dead_letter_object_by_removable')
      .on('dead_letter_object')
      .columns(['removable', 'key'])
      .execute()
    await db.schema
      .createTable('dead_letter_total')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('store', 'text', (column) => column.notNull())
      .addColumn('last_position', 'bigint', (column) => column.notNull())
      .addColumn('letters_size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('objects_size_bytes', 'bigint', (column) => column.notNull())
      .execute()
    const store = randomBytes(4).toString('hex')
    await sql`INSERT INTO dead_letter_total VALUES (1, ${store}, 0, 0, 0)`.execute(db)
  },
}

async function createLetters(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('dead_letter')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull().unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('topic_hash', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('first_received_at', 'bigint', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('redrive_attempts', 'bigint', (column) => column.notNull())
    .addColumn('redriven_at', 'bigint')
    .addColumn('claimed_until', 'bigint', (column) => column.notNull())
    .addColumn('object_key', 'text', (column) => column.notNull())
    .addColumn('line', 'integer', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .execute()
  const indices: readonly [name: string, columns: string[]][] = [
    ['dead_letter_by_state', ['state', 'position']],
    ['dead_letter_by_topic', ['topic_hash', 'position']],
    ['dead_letter_by_received_at', ['received_at']],
    ['dead_letter_by_object', ['object_key']],
  ]
  for (const [name, columns] of indices) {
    await db.schema.createIndex(name).on('dead_letter').columns(columns).execute()
  }
}
