import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import type { EmbeddedDatabaseConfig } from '../../config/adapters.ts'
import { WorkerClient } from '../../lib/worker-rpc.ts'
import { type Database, type DatabaseOptions, type Tables, TRANSACTION_MAX_MS } from './database.ts'
import { createEmbeddedDialect } from './embedded/dialect.ts'
import type { DriverLimits } from './embedded/driver.ts'
import { eachRow } from './embedded/each-row.ts'
import type { SqliteEngine } from './embedded/engine.ts'
import { jsonRows } from './embedded/json-rows.ts'
import { KyselyDatabase } from './kysely-database.ts'
import { migrate } from './migrate.ts'
import type { ColumnTypes } from './migrations/migration.ts'
import { MIGRATIONS } from './migrations/migrations.ts'

/** The file's name in the data folder. */
const DATABASE_FILE = 'fleetgrid.db'

const FILE_SIZE_MAX_BYTES = 16_000_000_000
const TURN_WAIT_MAX_MS = 15_000
/** Statements and their rows die young; with the usual 24 MB they are most of the thread's memory. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4 }

const COLUMN_TYPES: ColumnTypes = {
  bytes: 'blob',
  counter: 'integer',
  counted: (column) => column.autoIncrement(),
}

/** One SQLite file in the data folder, in a worker thread; every commit is synced to disk. */
export function createEmbeddedDatabase(
  { dataDir }: EmbeddedDatabaseConfig,
  { migrations = MIGRATIONS, transactionMaxMs = TRANSACTION_MAX_MS }: DatabaseOptions = {},
): Database {
  const limits = { transactionMaxMs, waitMaxMs: TURN_WAIT_MAX_MS }
  const now = sql<number>`CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`
  return new KyselyDatabase({
    now,
    rows: jsonRows,
    eachRow,
    isInTheWay: () => false,
    async open() {
      await mkdir(dataDir, { recursive: true })
      const db = connect(join(dataDir, DATABASE_FILE), limits)
      try {
        await migrate(db, { migrations, types: COLUMN_TYPES, now, lock: undefined })
        return db
      } catch (error) {
        await db.destroy().catch(() => undefined)
        throw error
      }
    },
  })
}

function connect(path: string, limits: DriverLimits): Kysely<Tables> {
  const engine = new WorkerClient<SqliteEngine>(
    new URL('./embedded/engine-worker.ts', import.meta.url),
    { path, sizeMaxBytes: FILE_SIZE_MAX_BYTES },
    RESOURCE_LIMITS,
  )
  return new Kysely<Tables>({ dialect: createEmbeddedDialect(engine, limits) })
}
