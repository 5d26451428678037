import { type ColumnDataType, sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Commands that are sent again when their answer is lost, and whose outcome is told by webhook. */
export const commandOutcomes: Migration = {
  async up(db) {
    const counts = ['attempts_left', 'webhook_attempts']
    for (const name of counts) {
      await db.schema
        .alterTable('charging_command')
        .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    }
    const columns: readonly [name: string, type: ColumnDataType][] = [
      ['epoch', 'bigint'],
      ['webhook_url', 'text'],
      ['webhook_state', 'text'],
      ['webhook_error', 'text'],
      ['webhook_due_at', 'bigint'],
    ]
    for (const [name, type] of columns) {
      await db.schema.alterTable('charging_command').addColumn(name, type).execute()
    }
    // Whatever ends a command puts it in here.
    await sql`CREATE INDEX charging_command_webhook ON charging_command (webhook_due_at)
      WHERE webhook_state = 'waiting' AND ended_at IS NOT NULL`.execute(db)
  },
}
