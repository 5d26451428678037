import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import type { Engine } from '../../test/engines/engine.ts'
import type { ServerOptions } from './charging-servers.ts'

// Databases that know charge points and tokens already: SQLite in a folder, or one of PostgreSQL's.

export interface Contents {
  readonly from?: number
  readonly stations: number
  readonly tokens: number
}

export interface Prepared {
  /** To start the service on it. */
  readonly options: Required<Pick<ServerOptions, 'env'>> & Pick<ServerOptions, 'databasePid'>
  /** Meter values stored; the service must have stopped. */
  countReadings(): Promise<number>
}

const SECRET = 'the-secret-of-keys-of-a-benchmark'
const COUNT = 'SELECT count(*) AS count FROM charging_reading'
let databases = 0

export async function prepare(
  folder: string,
  contents: Contents,
  postgres?: Engine,
): Promise<Prepared> {
  const dataDir = await mkdtemp(join(folder, 'data-'))
  const env = { DATA_DIR: dataDir, CHARGE_POINT_KEY_SECRET: SECRET }
  if (postgres === undefined) {
    await fill(contents, ['--data-dir', dataDir])
    return { options: { env }, countReadings: () => countInSqlite(dataDir) }
  }
  databases += 1
  const name = `bench_${databases}`
  await query(postgres.url, `CREATE DATABASE ${name}`)
  const url = postgres.url.replace(/\/postgres$/, `/${name}`)
  await fill(contents, ['--database-url', url])
  const database = { DATABASE: 'postgres', DATABASE_URL: url }
  return {
    options: { env: { ...env, ...database }, databasePid: postgres.pid },
    countReadings: () => query(url, COUNT),
  }
}

async function fill(
  { from = 0, stations, tokens }: Contents,
  where: readonly string[],
): Promise<void> {
  const range = ['--from', String(from), '--stations', String(stations)]
  const args = [...where, ...range, '--tokens', String(tokens), '--secret', SECRET]
  const child = fork(new URL('./charging-prepare.ts', import.meta.url), args)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`preparing a database ended with ${code}`)
}

async function countInSqlite(dataDir: string): Promise<number> {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir })
  await database.open()
  try {
    const found = await database.run((db) =>
      db
        .selectFrom('charging_reading')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow(),
    )
    return Number(found.count)
  } finally {
    await database.close()
  }
}

async function query(url: string, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(text)
    return Number(rows[0]?.count)
  } finally {
    await client.end()
  }
}
