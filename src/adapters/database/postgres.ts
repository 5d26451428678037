import { Kysely, PostgresDialect, sql } from 'kysely'
import type { PostgresDatabaseConfig } from '../../config/adapters.ts'
import { type Database, type DatabaseOptions, type Tables, TRANSACTION_MAX_MS } from './database.ts'
import { KyselyDatabase } from './kysely-database.ts'
import { migrate } from './migrate.ts'
import type { ColumnTypes } from './migrations/migration.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { type ClientLimits, createClientConfig } from './postgres/client-config.ts'
import { jsonRows } from './postgres/json-rows.ts'
import { openError } from './postgres/open-error.ts'
import { createPool } from './postgres/pool.ts'
import { isInTheWay } from './postgres/translate-error.ts'

/** Instances that start together wait for each other's migration this long. */
const MIGRATION_MAX_MS = 600_000
/** Any number that nobody else uses: "flee" in ASCII. */
const MIGRATION_LOCK = 0x666c6565

const COLUMN_TYPES: ColumnTypes = {
  bytes: 'bytea',
  counter: 'bigint',
  counted: (column) => column.generatedAlwaysAsIdentity(),
}

/**
 * PostgreSQL 13 and later, by a pool of connections. Those that were lost are made again when they
 * are needed; meanwhile callers get `unavailable`.
 */
export function createPostgresDatabase(
  config: PostgresDatabaseConfig,
  { migrations = MIGRATIONS, transactionMaxMs = TRANSACTION_MAX_MS }: DatabaseOptions = {},
): Database {
  const now = sql<number>`CAST(floor(extract(epoch from clock_timestamp()) * 1000) AS bigint)`
  const lock = sql`SELECT pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`
  const migrationLimits: ClientLimits = {
    statementTimeoutMs: MIGRATION_MAX_MS,
    idleTransactionTimeoutMs: MIGRATION_MAX_MS,
  }
  const limits: ClientLimits = {
    statementTimeoutMs: config.statementTimeoutMs,
    idleTransactionTimeoutMs: transactionMaxMs,
  }
  return new KyselyDatabase({
    now,
    rows: jsonRows,
    eachRow: jsonRows,
    isInTheWay,
    async open() {
      const db = await connect(config, migrationLimits, 1)
      try {
        await migrate(db, { migrations, types: COLUMN_TYPES, now, lock })
      } catch (error) {
        throw openError("Can't open the database", config, error)
      } finally {
        await db.destroy()
      }
      return connect(config, limits, config.poolMax)
    },
  })
}

async function connect(
  config: PostgresDatabaseConfig,
  limits: ClientLimits,
  max: number,
): Promise<Kysely<Tables>> {
  const pool = createPool(await createClientConfig(config, limits), max)
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
