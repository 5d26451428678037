import { type Kysely, sql } from 'kysely'
import type { ColumnTypes, Migration } from './migration.ts'

export const charging: Migration = {
  async up(db, types) {
    await createChargePoints(db)
    await createIdTokens(db)
    await createTransactions(db, types)
    await createReadings(db)
    await createCommands(db)
    await createRecords(db)
  },
}

async function createChargePoints(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('charge_point')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('registration', 'text', (column) => column.notNull())
    .addColumn('security_profile_min', 'integer', (column) => column.notNull())
    .addColumn('leniency', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('key_hash', 'text')
    .addColumn('boot', 'text')
    .addColumn('booted_at', 'bigint')
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('instance', 'text')
    .addColumn('connected_at', 'bigint')
    .addColumn('protocol', 'text')
    .addColumn('last_seen_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  // No index on what each connection changes: in a storm it would cost more than the rows.
  await db.schema
    .createTable('charging_connector')
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('evse_id', 'integer', (column) => column.notNull())
    .addColumn('connector_id', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('info', 'text')
    .addColumn('vendor_id', 'text')
    .addColumn('vendor_error_code', 'text')
    .addPrimaryKeyConstraint('charging_connector_key', [
      'charge_point_id',
      'evse_id',
      'connector_id',
    ])
    .execute()
  await db.schema
    .createTable('charging_status')
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('evse_id', 'integer', (column) => column.notNull())
    .addColumn('connector_id', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('info', 'text')
    .addColumn('vendor_id', 'text')
    .addColumn('vendor_error_code', 'text')
    .addPrimaryKeyConstraint('charging_status_key', ['charge_point_id', 'at', 'hash'])
    .execute()
}

async function createIdTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('id_token')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('uid', 'text', (column) => column.notNull())
    .addColumn('kind', 'text')
    .addColumn('is_blocked', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('group_id', 'text')
    .addColumn('concurrent_max', 'integer', (column) => column.notNull())
    .addColumn('note', 'text')
    .execute()
}

async function createTransactions(
  db: Kysely<unknown>,
  { counter, counted }: ColumnTypes,
): Promise<void> {
  await db.schema
    .createTable('charging_transaction')
    .addColumn('number', counter, (column) => counted(column.primaryKey()))
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('evse_id', 'integer', (column) => column.notNull())
    .addColumn('connector_id', 'integer', (column) => column.notNull())
    .addColumn('own_id', 'text')
    .addColumn('token_uid', 'text')
    .addColumn('token_key', 'text')
    .addColumn('token_group_id', 'text')
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('meter_start_wh', 'double precision')
    .addColumn('meter_wh', 'double precision')
    .addColumn('meter_at', 'bigint')
    .addColumn('stopped_at', 'bigint')
    .addColumn('meter_stop_wh', 'double precision')
    .addColumn('stop_reason', 'text')
    .addColumn('stop_token_uid', 'text')
    .addColumn('charging_state', 'text')
    .addColumn('remote_start_id', 'bigint')
    .addColumn('reservation_id', 'bigint')
    .addColumn('was_offline', 'integer', (column) => column.notNull())
    .addColumn('versions', 'text')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute()
  const indices: readonly [name: string, columns: string[]][] = [
    ['charging_transaction_by_charge_point', ['charge_point_id', 'started_at']],
    ['charging_transaction_by_token', ['token_key', 'started_at']],
    ['charging_transaction_by_start', ['started_at']],
  ]
  for (const [name, columns] of indices) {
    await db.schema.createIndex(name).on('charging_transaction').columns(columns).execute()
  }
  // What is open is little, and asked for all the time.
  await sql`CREATE INDEX charging_transaction_open ON charging_transaction (charge_point_id)
    WHERE stopped_at IS NULL`.execute(db)
  await sql`CREATE INDEX charging_transaction_open_by_token ON charging_transaction (token_key)
    WHERE stopped_at IS NULL`.execute(db)
}

async function createReadings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('charging_reading')
    .addColumn('transaction_number', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('samples', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('charging_reading_key', ['transaction_number', 'at', 'hash'])
    .execute()
  await db.schema
    .createTable('charging_place_reading')
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('evse_id', 'integer', (column) => column.notNull())
    .addColumn('connector_id', 'integer', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('samples', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('charging_place_reading_key', [
      'charge_point_id',
      'evse_id',
      'connector_id',
      'at',
      'hash',
    ])
    .execute()
}

async function createCommands(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('charging_command')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('parameters', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('answer', 'text')
    .addColumn('reason', 'text')
    .addColumn('coalesce_key', 'text')
    .addColumn('instance', 'text')
    .addColumn('claim', 'text')
    .execute()
  const indices: readonly [name: string, columns: string[]][] = [
    ['charging_command_by_charge_point', ['charge_point_id', 'created_at', 'id']],
    ['charging_command_by_state', ['state', 'created_at', 'id']],
    ['charging_command_by_time', ['created_at', 'id']],
  ]
  for (const [name, columns] of indices) {
    await db.schema.createIndex(name).on('charging_command').columns(columns).execute()
  }
  await sql`CREATE INDEX charging_command_queued ON charging_command (charge_point_id, created_at)
    WHERE state = 'queued'`.execute(db)
  await sql`CREATE INDEX charging_command_by_expiry ON charging_command (expires_at)
    WHERE state = 'queued'`.execute(db)
  await sql`CREATE INDEX charging_command_sent ON charging_command (charge_point_id, sent_at)
    WHERE state = 'sent'`.execute(db)
}

async function createRecords(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('charging_record')
    .addColumn('charge_point_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('charging_record_key', ['charge_point_id', 'kind', 'key'])
    .execute()
  await db.schema
    .createIndex('charging_record_by_time')
    .on('charging_record')
    .columns(['charge_point_id', 'at', 'key'])
    .execute()
}
