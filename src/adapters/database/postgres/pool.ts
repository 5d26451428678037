import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg, { type ClientConfig, type PoolClient } from 'pg'
import { isDoneWithin } from '../../../lib/within.ts'
import { StatementNames } from './statement-names.ts'
import { isOfConnection, translateError } from './translate-error.ts'

const IDLE_MS = 30_000
/** So that after a failover or a move the connections follow. */
const LIFETIME_S = 1800
/** Of closing: a server that is gone doesn't say goodbye. */
const END_MAX_MS = 5000

/** A pool of pg, with errors in the domain's words; a dropped connection never ends the process. */
export function createPool(config: ClientConfig, max: number): PostgresPool {
  const pool = new pg.Pool({
    ...config,
    max,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_S,
  })
  // An idle connection was lost: the pool has dropped it already and makes another.
  pool.on('error', () => undefined)
  // One that is in use was lost between two statements: the next of them will say so.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const names = new StatementNames()
  return {
    // Kysely would ask for these to cancel statements, which the server's time-out does here.
    Client: pg.Client as unknown as NonNullable<PostgresPool['Client']>,
    options: pool.options,
    async connect() {
      try {
        return translatedClient(await pool.connect(), names)
      } catch (error) {
        throw translateError(error)
      }
    },
    async end() {
      await isDoneWithin(END_MAX_MS, pool.end())
    },
  }
}

function translatedClient(client: PoolClient, names: StatementNames): PostgresPoolClient {
  let isBroken = false
  const query = async (text: string, parameters: readonly unknown[]) => {
    try {
      const name = names.nameOf(text)
      return await client.query({ ...(name && { name }), text, values: [...parameters] })
    } catch (error) {
      isBroken ||= isOfConnection(error)
      throw translateError(error)
    }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (discard = false) => client.release(discard || isBroken),
  }
}
