import { readFile } from 'node:fs/promises'
import pg, { type ClientConfig } from 'pg'
import type { PostgresDatabaseConfig } from '../../../config/adapters.ts'

const INT8 = 20
const NUMERIC = 1700
/** The answer of a server that is gone never comes; its own time-out is then of no use. */
const ANSWER_GRACE_MS = 2000
const KEEP_ALIVE_DELAY_MS = 10_000

export interface ClientLimits {
  readonly statementTimeoutMs: number
  /** A transaction whose client does nothing is ended by the server. */
  readonly idleTransactionTimeoutMs: number
}

/**
 * What every connection to PostgreSQL is made with; reads the CA file.
 * @throws Error for people if the file can't be read or the URL says something about TLS
 */
export async function createClientConfig(
  config: PostgresDatabaseConfig,
  { statementTimeoutMs, idleTransactionTimeoutMs }: ClientLimits,
): Promise<ClientConfig> {
  return {
    connectionString: config.url,
    ssl: await createTls(config),
    application_name: 'fleetgrid',
    connectionTimeoutMillis: config.connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: { getTypeParser },
  }
}

async function createTls({
  url,
  tls,
  caFile,
}: PostgresDatabaseConfig): Promise<ClientConfig['ssl']> {
  const { searchParams, hostname } = new URL(url)
  for (const name of searchParams.keys()) {
    // pg would let these win, and so could switch off a check that was asked for.
    if (/^(ssl|uselibpqcompat$)/.test(name)) {
      throw new Error(`DATABASE_URL must not contain ${name}; use DATABASE_TLS, DATABASE_CA_FILE`)
    }
  }
  if (tls === 'off') return false
  if (tls === 'require') return { rejectUnauthorized: false }
  // The host is for certificates of an address: pg itself gives names only.
  const host = hostname.replace(/^\[|\]$/g, '')
  return { rejectUnauthorized: true, host, ...(caFile && { ca: await readCa(caFile) }) }
}

async function readCa(caFile: string): Promise<string> {
  try {
    return await readFile(caFile, 'utf8')
  } catch (error) {
    throw new Error(`DATABASE_CA_FILE ${caFile} can't be read: ${(error as Error).message}`)
  }
}

/** Numbers as SQLite answers them: counts and sums too, and none that is only nearly right. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if ((oid === INT8 || oid === NUMERIC) && format !== 'binary') return parseNumber
  return format === 'binary'
    ? pg.types.getTypeParser(oid, 'binary')
    : pg.types.getTypeParser(oid, 'text')
}

function parseNumber(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) || text.includes('.')) return number
  throw new RangeError(`the database answered ${text}, which is no safe integer`)
}
