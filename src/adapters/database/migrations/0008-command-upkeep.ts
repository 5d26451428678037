import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/**
 * Commands whose time is over, and for whom some wait, among a hundred thousand that wait. They begin
 * with `ended_at`, or SQLite would prefer the index by state and sort all that is queued.
 */
export const commandUpkeep: Migration = {
  async up(db) {
    await db.schema.dropIndex('charging_command_by_expiry').execute()
    await sql`CREATE INDEX charging_command_by_expiry ON charging_command (ended_at, expires_at)
      WHERE ended_at IS NULL`.execute(db)
    await sql`CREATE INDEX charging_command_waiting ON charging_command (ended_at, charge_point_id)
      WHERE ended_at IS NULL`.execute(db)
  },
}
