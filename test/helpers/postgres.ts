import pg from 'pg'
import type { Test } from 'tap'
import type { Database, DatabaseOptions } from '../../src/adapters/database/database.ts'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import { createPostgresSignals } from '../../src/adapters/signals/postgres.ts'
import type { PostgresDatabaseConfig } from '../../src/config/adapters.ts'
import { createPostgresConfig } from '../../src/config/engines.ts'
import { readEnv } from '../../src/config/env.ts'
import type { Signals } from '../../src/ports/signals.ts'
import { until } from './until.ts'

export function postgresConfig(
  url: string,
  part: Partial<PostgresDatabaseConfig> = {},
): PostgresDatabaseConfig {
  return { ...createPostgresConfig(readEnv({ DATABASE_URL: url })), poolMax: 5, ...part }
}

export async function openDatabase(
  t: Test,
  config: PostgresDatabaseConfig,
  options: DatabaseOptions = {},
): Promise<Database> {
  const database = createPostgresDatabase(config, options)
  t.teardown(() => database.close())
  await database.open()
  return database
}

export interface OpenSignals {
  readonly signals: Signals
  readonly failures: unknown[]
  readonly connection: ('lost' | 'found')[]
}

export async function openSignals(
  t: Test,
  config: PostgresDatabaseConfig,
  database: Database,
): Promise<OpenSignals> {
  const failures: unknown[] = []
  const connection: ('lost' | 'found')[] = []
  const signals = createPostgresSignals({
    config,
    database,
    onDeliveryFailed: (_channel, error) => void failures.push(error),
    onDisconnected: () => void connection.push('lost'),
    onReconnected: () => void connection.push('found'),
  })
  t.teardown(() => signals.close())
  await signals.open()
  return { signals, failures, connection }
}

/** Ends every other connection to this database, as an administrator or a failover does. */
export async function endConnections(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    return rows.length
  } finally {
    await client.end()
  }
}

/** Again and again until it succeeds, as every caller of `unavailable` may; counts the failures. */
export async function persist<T>(failures: unknown[], work: () => Promise<T>): Promise<T> {
  return await until(
    () =>
      work().then(
        (value) => ({ value }),
        (error: unknown) => {
          if ((error as { kind?: unknown }).kind !== 'unavailable') throw error
          failures.push(error)
          return undefined
        },
      ),
    { withinMs: 60_000, what: 'a call to the database' },
  ).then(({ value }) => value)
}
