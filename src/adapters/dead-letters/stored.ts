import { FleetgridError } from '../../domain/errors.ts'
import type {
  DeadLetter,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetters,
  StoredDeadLetter,
} from '../../ports/dead-letters.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import type { Database } from '../database/database.ts'
import { chunkLetters, keepChunk } from './keep-letters.ts'
import { letterId } from './letter-lines.ts'
import { storableReason, topicHash } from './letter-rows.ts'
import { createObjectNames, ERRORS_PREFIX } from './object-names.ts'
import { readLetters } from './read-letters.ts'
import { evictSome, expireSome, removeSomeObjects, sweepPage } from './trim-letters.ts'

/** Orphans are rare: looking for them may take its time. */
const SWEEP_INTERVAL_MS = 3_600_000

export interface StoredDeadLettersOptions {
  /** Opened before, and closed after, by whoever made them. */
  readonly database: Database
  readonly objectStore: ObjectStore
  /** Of lines and rows together. */
  readonly sizeMaxBytes: number
  /** Goes into the names of objects. */
  readonly instance: string
  readonly now: () => number
}

/** Dead letters of all instances: payloads as NDJSON objects, the rest as rows of the database. */
export function createStoredDeadLetters(options: StoredDeadLettersOptions): DeadLetters {
  return new StoredDeadLetters(options)
}

interface Opened {
  readonly store: string
  readonly nameObject: (at: number) => string
}

class StoredDeadLetters implements DeadLetters {
  readonly #options: StoredDeadLettersOptions
  #opened: Opened | undefined
  #sweep: { after: string | undefined; notBefore: number } = { after: undefined, notBefore: 0 }

  constructor(options: StoredDeadLettersOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { store } = await this.#options.database.run((db) =>
      db.selectFrom('dead_letter_total').select('store').executeTakeFirstOrThrow(),
    )
    this.#opened = { store, nameObject: createObjectNames(store, this.#options.instance) }
  }

  async close(): Promise<void> {
    this.#opened = undefined
  }

  async keep(letters: readonly DeadLetter[]): Promise<WriteReport> {
    const { nameObject } = this.#assertOpen()
    const retry: number[] = []
    let retryReason: string | undefined
    for (const chunk of chunkLetters(letters)) {
      const portion = chunk.flatMap((index) => letters[index] ?? [])
      try {
        // Once a chunk has failed, those behind it would wait for the same time-outs.
        if (retryReason === undefined) {
          const again = await keepChunk({ ...this.#options, nameObject }, portion)
          if (again.size > 0) retry.push(...chunk.filter((_, at) => isAmong(again, portion[at])))
          continue
        }
      } catch (error) {
        if (!(error instanceof FleetgridError) || error.kind !== 'unavailable') throw error
        retryReason = error.message
      }
      retry.push(...chunk)
    }
    const accepted = letters.length - retry.length
    if (retry.length > 0) retryReason ??= 'letters were dropped for their age at the same moment'
    const report = { accepted, duplicates: [], rejected: [], retry: retry.sort((a, b) => a - b) }
    return retryReason === undefined ? report : { ...report, retryReason }
  }

  async list({ state, topic, after, limit }: DeadLetterQuery): Promise<DeadLetterPage> {
    this.#assertOpen()
    const rows = await this.#options.database.run((db) => {
      let query = db.selectFrom('dead_letter').selectAll()
      if (after !== 0) query = query.where('position', '<', after)
      if (state !== undefined) query = query.where('state', '=', state)
      if (topic !== undefined) query = query.where('topic_hash', '=', topicHash(topic))
      return query
        .orderBy('position', 'desc')
        .limit(limit + 1)
        .execute()
    })
    const shown = rows.slice(0, limit)
    return {
      letters: await readLetters(this.#options, shown),
      next: rows.length > limit ? shown.at(-1)?.position : undefined,
    }
  }

  async get(id: string): Promise<StoredDeadLetter | undefined> {
    this.#assertOpen()
    const rows = await this.#options.database.run((db) =>
      db.selectFrom('dead_letter').selectAll().where('id', '=', id).execute(),
    )
    return (await readLetters(this.#options, rows))[0]
  }

  async claim(id: string, durationMs: number): Promise<boolean> {
    this.#assertOpen()
    const { database } = this.#options
    const { numUpdatedRows } = await database.run((db) =>
      db
        .updateTable('dead_letter')
        .set((of) => ({ claimed_until: of(database.now, '+', durationMs) }))
        .where('id', '=', id)
        .where('state', '=', 'open')
        .where('claimed_until', '<=', database.now)
        .executeTakeFirst(),
    )
    return numUpdatedRows > 0n
  }

  async release(id: string): Promise<void> {
    this.#assertOpen()
    await this.#options.database.run((db) =>
      db.updateTable('dead_letter').set({ claimed_until: 0 }).where('id', '=', id).execute(),
    )
  }

  async markRedriven(id: string, at: number): Promise<void> {
    this.#assertOpen()
    await this.#options.database.run((db) =>
      db
        .updateTable('dead_letter')
        .set((of) => ({
          state: 'redriven' as const,
          redriven_at: at,
          redrive_attempts: of('redrive_attempts', '+', 1),
          claimed_until: 0,
        }))
        .where('id', '=', id)
        .execute(),
    )
  }

  async markFailedAgain(id: string, reason: string): Promise<void> {
    this.#assertOpen()
    await this.#options.database.run((db) =>
      db
        .updateTable('dead_letter')
        .set((of) => ({
          reason: storableReason(reason),
          redrive_attempts: of('redrive_attempts', '+', 1),
          claimed_until: 0,
        }))
        .where('id', '=', id)
        .where('state', '=', 'open')
        .execute(),
    )
  }

  /** Letters first; objects that are empty by then go at the next call. */
  async trim(
    olderThan: number,
    signal?: AbortSignal,
  ): Promise<{ readonly expired: number; readonly evicted: number }> {
    const { store } = this.#assertOpen()
    await sumOf(() => removeSomeObjects(this.#options), signal)
    if (!signal?.aborted) await this.#sweepSome(store, olderThan)
    const expired = await sumOf(() => expireSome(this.#options, olderThan), signal)
    const evicted = await sumOf(() => evictSome(this.#options), signal)
    return { expired, evicted }
  }

  async countOpen(): Promise<number> {
    this.#assertOpen()
    const { count } = await this.#options.database.run((db) =>
      db
        .selectFrom('dead_letter')
        .select((of) => of.fn.countAll<number>().as('count'))
        .where('state', '=', 'open')
        .executeTakeFirstOrThrow(),
    )
    return Number(count)
  }

  /** One page at each trim; when all are seen, again after a while. */
  async #sweepSome(store: string, olderThan: number): Promise<void> {
    const { after, notBefore } = this.#sweep
    const now = this.#options.now()
    if (now < notBefore) return
    const page = { prefix: ERRORS_PREFIX, after }
    const next = await sweepPage(this.#options, page, { store, olderThan })
    this.#sweep = { after: next, notBefore: next === undefined ? now + SWEEP_INTERVAL_MS : 0 }
  }

  #assertOpen(): Opened {
    if (this.#opened === undefined) {
      throw new FleetgridError('unavailable', 'Dead letters: the store is closed')
    }
    return this.#opened
  }
}

function isAmong(ids: ReadonlySet<string>, letter: DeadLetter | undefined): boolean {
  return letter !== undefined && ids.has(letterId(letter))
}

async function sumOf(step: () => Promise<number>, signal?: AbortSignal): Promise<number> {
  let total = 0
  while (!signal?.aborted) {
    const count = await step()
    if (count === 0) break
    total += count
  }
  return total
}
