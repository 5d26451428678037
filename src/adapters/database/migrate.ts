import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from './database.ts'
import type { ColumnTypes, Migrations } from './migrations/migration.ts'

interface MigrationTable {
  fleetgrid_migration: { name: string; applied_at: number }
}

export interface MigrateOptions {
  readonly migrations: Migrations
  readonly types: ColumnTypes
  readonly now: RawBuilder<number>
  /** Makes other instances wait until this transaction is over; the engine may not need it. */
  readonly lock: RawBuilder<unknown> | undefined
}

/**
 * Brings the tables up to date: all that is missing, in order, in one transaction. Kysely's own
 * Migrator creates its tables before it takes its lock, and looks for them in every schema.
 * @throws Error for people if a newer Fleetgrid has been here
 */
export async function migrate(db: Kysely<Tables>, options: MigrateOptions): Promise<void> {
  const { migrations, types, now, lock } = options
  await db.transaction().execute(async (trx) => {
    const records = trx as unknown as Kysely<MigrationTable>
    if (lock !== undefined) await lock.execute(trx)
    await createMigrationTable(records)
    const rows = await records.selectFrom('fleetgrid_migration').select('name').execute()
    const applied = new Set(rows.map(({ name }) => name))
    assertKnown(applied, migrations)
    for (const [name, { up }] of Object.entries(migrations)) {
      if (applied.has(name)) continue
      await up(trx as unknown as Kysely<unknown>, types)
      await records.insertInto('fleetgrid_migration').values({ name, applied_at: now }).execute()
    }
  })
}

async function createMigrationTable(db: Kysely<MigrationTable>): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS fleetgrid_migration (
    name text PRIMARY KEY,
    applied_at bigint NOT NULL
  )`.execute(db)
}

function assertKnown(applied: ReadonlySet<string>, migrations: Migrations): void {
  const unknown = [...applied].filter((name) => !Object.hasOwn(migrations, name)).sort()
  if (unknown.length === 0) return
  throw new Error(
    `The database was migrated by a newer Fleetgrid (${unknown.join(', ')} is unknown here). ` +
      'Start that version, or another database.',
  )
}
