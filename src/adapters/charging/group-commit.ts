import { setTimeout as pause } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import { errorMessage, FleetgridError } from '../../domain/errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Database, Tables } from '../database/database.ts'

/**
 * Writes many items of one kind with as few statements as it can; a result for each, in their
 * order. It may run again with the same items, also after they were stored: the second time has to
 * change nothing. Items of one call may concern the same row.
 */
export type Apply<Item, Result> = (
  trx: Transaction<Tables>,
  items: readonly Item[],
) => Promise<readonly Result[]>

export interface GroupCommitOptions {
  readonly database: Pick<Database, 'transaction'>
  /** Items that wait or are being written; more are refused. */
  readonly queueMax: number
  /** Items of one transaction. */
  readonly groupMax: number
  /** While the database is away: whoever has waited longer is refused. */
  readonly deadlineMs: number
  readonly onGroup?: ((event: GroupEvent) => void) | undefined
}

export interface GroupEvent {
  readonly size: number
  readonly durationMs: number
  /** Undefined: it is durable. */
  readonly error?: unknown
}

interface Entry {
  /** Position of its kind. */
  readonly kind: number
  readonly item: unknown
  readonly addedAt: number
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

const RETRY = { baseMs: 50, maxMs: 2000 }
/** Failures in a row before somebody is told: one may be a passing thing. */
const FAILURES_BEFORE_PROBLEM = 3
/** Without a new failure for so long nobody tries, and nobody knows. */
const PROBLEM_FRESH_MS = 30_000

/**
 * What arrives while a transaction runs goes with the next one, whatever kind it is of: the busier
 * the database, the larger the groups, and the cheaper each item. Each caller's promise resolves
 * after the commit. Nothing waits for a timer.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #kinds: Apply<unknown, unknown>[] = []
  #waiting: Entry[] = []
  #writing = 0
  #isRunning = false
  #isClosed = false
  #idle: (() => void)[] = []
  /** Of the attempts since the last that succeeded. */
  #failing: { count: number; at: number; reason: string } | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** Items that are not settled yet. */
  get size(): number {
    return this.#waiting.length + this.#writing
  }

  /** What keeps writes from becoming durable, in words for a person; undefined when all is well. */
  problem(): string | undefined {
    const failing = this.#failing
    if (failing === undefined || failing.count < FAILURES_BEFORE_PROBLEM) return undefined
    if (performance.now() - failing.at > PROBLEM_FRESH_MS) return undefined
    return `writes of charging fail, ${this.size} wait: ${failing.reason}`
  }

  /**
   * Adds a kind of items. In a transaction kinds come in the order in which they were added here:
   * it is the same in all instances, so that they lock tables in the same order.
   * @returns a function that is `unavailable` when too many items wait, the database is away for
   *   too long, or this is closed; it rejects with what the statements threw for this item alone
   */
  kind<Item, Result>(apply: Apply<Item, Result>): (item: Item) => Promise<Result> {
    const kind = this.#kinds.push(apply as Apply<unknown, unknown>) - 1
    return (item) => this.#add(kind, item)
  }

  /** What was added is settled first; anything new is refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #add<Result>(kind: number, item: unknown): Promise<Result> {
    const { queueMax } = this.#options
    if (this.#isClosed) return Promise.reject(unavailable('it is closed'))
    if (this.size >= queueMax) {
      return Promise.reject(unavailable(`more than ${queueMax} writes wait`))
    }
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ kind, item, addedAt: performance.now(), resolve, reject })
      if (this.#isRunning) return
      this.#isRunning = true
      // With it goes what else arrives in this turn of the event loop.
      setImmediate(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#options.groupMax)
      this.#writing = group.length
      await this.#write(group)
      this.#writing = 0
    }
    this.#isRunning = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Until each entry of it is settled. */
  async #write(group: readonly Entry[]): Promise<void> {
    let left = group
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const error = await this.#attempt(left)
      if (error === undefined) return
      if (!isUnavailable(error)) return this.#writeHalves(left, error)
      const count = (this.#failing?.count ?? 0) + 1
      this.#failing = { count, at: performance.now(), reason: errorMessage(error) }
      left = this.#refuseLate(left, error)
      this.#waiting = this.#refuseLate(this.#waiting, error)
      if (left.length > 0) await pause(backoffMs(attempt, RETRY))
    }
  }

  /** One of them is at fault, and the others shall not suffer from it. */
  async #writeHalves(group: readonly Entry[], error: unknown): Promise<void> {
    if (group.length === 1) {
      group[0]?.reject(error)
      return
    }
    const middle = Math.ceil(group.length / 2)
    await this.#write(group.slice(0, middle))
    await this.#write(group.slice(middle))
  }

  /** The error, if it isn't durable. */
  async #attempt(group: readonly Entry[]): Promise<unknown> {
    const { database, onGroup } = this.#options
    const byKind = this.#sortByKind(group)
    const startedAt = performance.now()
    const event = () => ({ size: group.length, durationMs: performance.now() - startedAt })
    try {
      const results = await database.transaction((trx) => this.#apply(trx, byKind))
      this.#failing = undefined
      onGroup?.(event())
      this.#settle(byKind, results)
      return undefined
    } catch (error) {
      onGroup?.({ ...event(), error })
      return error ?? new Error('the transaction failed')
    }
  }

  /** While others wait, their statements go first: the engine works while callers take their answers. */
  #settle(byKind: readonly Entry[][], results: readonly (readonly unknown[])[]): void {
    const settleAll = (): void => {
      for (const [at, entries] of byKind.entries()) settle(entries, results[at] ?? [])
    }
    if (this.#waiting.length === 0) settleAll()
    else setImmediate(settleAll)
  }

  #sortByKind(group: readonly Entry[]): Entry[][] {
    const byKind: Entry[][] = this.#kinds.map(() => [])
    for (const entry of group) byKind[entry.kind]?.push(entry)
    return byKind
  }

  async #apply(
    trx: Transaction<Tables>,
    byKind: readonly Entry[][],
  ): Promise<(readonly unknown[])[]> {
    const results: (readonly unknown[])[] = []
    for (const [kind, entries] of byKind.entries()) {
      const items = entries.map(({ item }) => item)
      const apply = this.#kinds[kind]
      const own = items.length === 0 || apply === undefined ? [] : await apply(trx, items)
      if (own.length !== items.length) throw new Error(`kind ${kind} left out a result`)
      results.push(own)
    }
    return results
  }

  #refuseLate(entries: readonly Entry[], cause: unknown): Entry[] {
    const { deadlineMs } = this.#options
    const before = performance.now() - deadlineMs
    return entries.filter(({ addedAt, reject }) => {
      if (addedAt > before) return true
      reject(unavailable(`not durable within ${deadlineMs} ms: ${errorMessage(cause)}`, cause))
      return false
    })
  }
}

function settle(entries: readonly Entry[], results: readonly unknown[]): void {
  for (const [index, { resolve }] of entries.entries()) resolve(results[index] as never)
}

function isUnavailable(error: unknown): boolean {
  return error instanceof FleetgridError && error.kind === 'unavailable'
}

function unavailable(reason: string, cause?: unknown): FleetgridError {
  return new FleetgridError('unavailable', `Charging store: ${reason}.`, { cause })
}
