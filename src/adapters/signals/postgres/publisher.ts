import { sql } from 'kysely'
import { FleetgridError } from '../../../domain/errors.ts'
import type { Database } from '../../database/database.ts'

/** The name to LISTEN to. It wakes every Fleetgrid of this database, whatever its schema. */
export const NOTIFICATION = 'fleetgrid_signal'

/** Any number that nobody else uses: "sign" in ASCII. */
const TURN_LOCK = 0x7369676e
const BATCH_MAX = 500
const WAITING_MAX = 10_000

interface Waiting {
  readonly channel: string
  readonly payload: string
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Stores signals in the order of `publish`; what comes during a write is the next one. */
export class Publisher {
  readonly #database: Database
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #isClosed = false

  constructor(database: Database) {
    this.#database = database
  }

  publish(channel: string, payload: string): Promise<void> {
    if (this.#isClosed) throw new FleetgridError('unavailable', 'Signals: they are closed.')
    if (this.#waiting.length >= WAITING_MAX) {
      throw new FleetgridError('unavailable', `Signals: more than ${WAITING_MAX} wait.`)
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ channel, payload, resolve, reject })
      this.#writing ??= this.#writeAll()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX)
      try {
        await this.#store(batch)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#writing = undefined
  }

  /**
   * One statement, so one transaction. Publishers take turns from before their first id until
   * after their commit: whoever has read up to an id will never find a smaller one later. (NOTIFY
   * makes commits take turns anyway.)
   */
  async #store(batch: readonly Waiting[]): Promise<void> {
    const channels = batch.map(({ channel }) => channel)
    const payloads = batch.map(({ payload }) => payload)
    await this.#database.run((db) =>
      sql`
        WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(${sql.lit(TURN_LOCK)})),
        stored AS (
          INSERT INTO signal (channel, payload, created_at)
          SELECT one.channel, one.payload, ${this.#database.now}
          FROM turn, unnest(${channels}::text[], ${payloads}::text[])
            WITH ORDINALITY AS one (channel, payload, number)
          ORDER BY one.number
          RETURNING id
        )
        SELECT pg_notify(${sql.lit(NOTIFICATION)}, max(id)::text) FROM stored`.execute(db),
    )
  }
}
