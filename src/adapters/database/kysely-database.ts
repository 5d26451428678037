import { setTimeout as pause } from 'node:timers/promises'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { FleetgridError } from '../../domain/errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Database, LastQuery, Tables } from './database.ts'

/** What differs between the two engines. */
export interface Engine {
  readonly now: RawBuilder<number>
  readonly rows: Database['rows']
  readonly eachRow: Database['eachRow']
  /** Connects and migrates; destroying what it answers undoes it. */
  open(): Promise<Kysely<Tables>>
  /** The transaction had to give way to another one; the same again can succeed at once. */
  isInTheWay(error: unknown): boolean
}

/** Callers that run or wait. More are refused: they would pile up while the database is away. */
const CALLERS_MAX = 10_000
const ATTEMPTS_MAX = 5
const RETRY = { baseMs: 10, maxMs: 200 }

export class KyselyDatabase implements Database {
  readonly #engine: Engine
  #db: Kysely<Tables> | undefined
  #callers = 0
  #idle: (() => void) | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get now(): RawBuilder<number> {
    return this.#engine.now
  }

  get rows(): Database['rows'] {
    return this.#engine.rows
  }

  get eachRow(): Database['eachRow'] {
    return this.#engine.eachRow
  }

  async open(): Promise<void> {
    this.#db = await this.#engine.open()
  }

  async close(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    if (db === undefined) return
    if (this.#callers > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await db.destroy()
  }

  async check(): Promise<void> {
    await this.run((db) => sql`SELECT 1`.execute(db))
  }

  async run<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const db = this.#enter()
    try {
      return await work(db)
    } finally {
      this.#leave()
    }
  }

  async transaction<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    const db = this.#enter()
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await db.transaction().execute(work)
        } catch (error) {
          if (attempt === ATTEMPTS_MAX || !this.#engine.isInTheWay(error)) throw error
        }
        await pause(backoffMs(attempt, RETRY))
      }
    } finally {
      this.#leave()
    }
  }

  async executeLast(trx: Transaction<Tables>, statement: RawBuilder<unknown>): Promise<void> {
    const query: LastQuery = { ...statement.compile(trx), isLast: true }
    await trx.executeQuery(query)
  }

  #enter(): Kysely<Tables> {
    if (this.#db === undefined) throw new FleetgridError('unavailable', 'Database is closed.')
    if (this.#callers >= CALLERS_MAX) {
      throw new FleetgridError('unavailable', `Database: more than ${CALLERS_MAX} callers wait.`)
    }
    this.#callers += 1
    return this.#db
  }

  #leave(): void {
    this.#callers -= 1
    if (this.#callers === 0) this.#idle?.()
  }
}
