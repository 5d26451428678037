import { type Kysely, sql } from 'kysely'
import type { Migration } from './migration.ts'

// By a charge point's own clock nothing may be judged old: it can stand at 1970. So what is to be dropped
// some day gets our time. What is there already counts as stored now.

export const chargingRetention: Migration = {
  async up(db) {
    const now = Date.now()
    await changeTransactions(db, now)
    await makePlaceReadings(db, now)
    for (const name of ['charging_record', 'charging_status']) {
      await db.schema
        .alterTable(name)
        .addColumn('stored_at', 'bigint', (column) => column.notNull().defaultTo(now))
        .execute()
      await db.schema.createIndex(`${name}_by_storing`).on(name).column('stored_at').execute()
    }
    await sql`CREATE INDEX charging_command_by_end ON charging_command (ended_at)
      WHERE ended_at IS NOT NULL`.execute(db)
  },
}

async function changeTransactions(db: Kysely<unknown>, now: number): Promise<void> {
  const times = ['told_at', 'superseded_at', 'closed_at', 'ended_at']
  for (const name of times) {
    await db.schema.alterTable('charging_transaction').addColumn(name, 'bigint').execute()
  }
  await db.schema.alterTable('charging_transaction').addColumn('close_reason', 'text').execute()
  await db.schema
    .alterTable('charging_transaction')
    .addColumn('readings_dropped', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`UPDATE charging_transaction SET told_at = ${sql.lit(now)},
    ended_at = CASE WHEN stopped_at IS NULL THEN NULL ELSE ${sql.lit(now)} END`.execute(db)
  // Those that were never stopped are forgotten one after the other, so no index that is asked all the
  // time may hold them. None holds told_at: what each message changes has to be in no index.
  for (const name of ['open', 'open_by_token']) {
    await db.schema.dropIndex(`charging_transaction_${name}`).execute()
  }
  // As long as PostgreSQL knows little of the table, it takes any index whose condition fits for as good
  // as any other, so each fits its own statement only.
  const isRunning = sql`stopped_at IS NULL AND superseded_at IS NULL AND closed_at IS NULL`
  await sql`CREATE INDEX charging_transaction_running
    ON charging_transaction (charge_point_id, evse_id)
    WHERE ${isRunning} AND evse_id > 0`.execute(db)
  await sql`CREATE INDEX charging_transaction_running_by_token
    ON charging_transaction (token_key) WHERE ${isRunning} AND token_key IS NOT NULL`.execute(db)
  await sql`CREATE INDEX charging_transaction_open_by_start
    ON charging_transaction (started_at, number)
    WHERE stopped_at IS NULL AND closed_at IS NULL`.execute(db)
  await sql`CREATE INDEX charging_transaction_by_end
    ON charging_transaction (readings_dropped, ended_at) WHERE ended_at IS NOT NULL`.execute(db)
}

/** In the order in which they are read; SQLite can't change a table's key. */
async function makePlaceReadings(db: Kysely<unknown>, now: number): Promise<void> {
  const columns = sql.raw('charge_point_id, at, evse_id, connector_id, hash, samples')
  await db.schema
    .createTable('charging_place_reading_new')
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('evse_id', 'integer', (column) => column.notNull())
    .addColumn('connector_id', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('samples', 'text', (column) => column.notNull())
    .addColumn('stored_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('charging_place_reading_by_time', [
      'charge_point_id',
      'at',
      'evse_id',
      'connector_id',
      'hash',
    ])
    .execute()
  await sql`INSERT INTO charging_place_reading_new (${columns}, stored_at)
    SELECT ${columns}, ${sql.lit(now)} FROM charging_place_reading`.execute(db)
  await db.schema.dropTable('charging_place_reading').execute()
  await db.schema
    .alterTable('charging_place_reading_new')
    .renameTo('charging_place_reading')
    .execute()
  await db.schema
    .createIndex('charging_place_reading_by_storing')
    .on('charging_place_reading')
    .column('stored_at')
    .execute()
}
