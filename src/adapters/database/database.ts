import type { CompiledQuery, Kysely, RawBuilder, Transaction } from 'kysely'
import type { ColumnKinds } from './json-text.ts'
import type { Migrations } from './migrations/migration.ts'
import type { ChargingTables } from './tables/charging.ts'
import type { DeadLetterTables } from './tables/dead-letter.ts'
import type { FirehoseRequestTable } from './tables/firehose-request.ts'
import type { LeaseTable } from './tables/lease.ts'
import type { SignalTable } from './tables/signal.ts'

/** Every table of the operational database; one file a group in `tables/`. */
export interface Tables extends DeadLetterTables, ChargingTables {
  firehose_request: FirehoseRequestTable
  lease: LeaseTable
  signal: SignalTable
}

/**
 * What stores are built on: SQL by Kysely, on SQLite or PostgreSQL. It stays inside adapters
 * (ADR 0008). The subset that both understand: text ids, integer milliseconds, integers for truth
 * values, JSON as text, Uint8Array for bytes, ON CONFLICT, RETURNING. Integers beyond 2^53 are
 * refused, not rounded.
 *
 * Both methods reject with FleetgridError: `conflict` for a value that has to be unique and isn't;
 * `unavailable` when the database is away, overloaded, out of space, took too long or is closed.
 * A write that ended in `unavailable` may have been stored: it has to be safe to repeat. All
 * else, a violated check or wrong SQL, is a bug and comes through as the engine's own error.
 */
export interface Database {
  /**
   * Connects and migrates; several instances may do so at once.
   * @throws FleetgridError `unavailable` while it can't be reached, to be called again; Error for
   *   people when it refuses us or was written by a newer Fleetgrid
   */
  open(): Promise<void>
  /** What runs is finished first; anything new is refused. */
  close(): Promise<void>
  /** Rejects when a statement can't be answered now. */
  check(): Promise<void>
  /** Each statement commits by itself. Safe to call thousands of times at once: they queue. */
  run<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /**
   * All of it or nothing. `work` runs again when another transaction was in its way, so it has no
   * effect but its statements; it awaits nothing slow, because SQLite has one transaction at a
   * time.
   */
  transaction<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T>
  /**
   * A statement of a transaction whose answer nobody waits for. On SQLite it goes with the commit, after
   * all others, which saves a round trip: nothing in the transaction may rely on it. If it fails, so
   * does the commit.
   */
  executeLast(trx: Transaction<Tables>, statement: RawBuilder<unknown>): Promise<void>
  /** The engine's own clock, in epoch milliseconds: the one clock that instances share. */
  readonly now: RawBuilder<number>
  /**
   * Rows as a table of a statement, all in one parameter: any number of them is the same prepared
   * text, which is what makes statements of many rows cheap. What a row lacks is NULL; an object is
   * JSON as text. NUL and halves of characters, which PostgreSQL can't hold, become U+FFFD.
   */
  rows(name: string, columns: ColumnKinds, rows: readonly object[]): RawBuilder<unknown>
  /**
   * The same for a statement that treats each row by itself, which is much cheaper on SQLite: there it
   * runs once for each row. So it must not count or compare them, or take the rows of another list;
   * what it answers is in order within a row only. It is still one statement: all of it or nothing.
   */
  eachRow(name: string, columns: ColumnKinds, rows: readonly object[]): RawBuilder<unknown>
}

/** A statement for `executeLast`; whoever doesn't know it runs it at once. */
export interface LastQuery extends CompiledQuery {
  readonly isLast?: boolean
}

/** For tests. */
export interface DatabaseOptions {
  readonly migrations?: Migrations
  readonly transactionMaxMs?: number
}

/**
 * A transaction that is open for longer (on PostgreSQL: whose client does nothing for longer) is
 * undone, and its statements are `unavailable`.
 */
export const TRANSACTION_MAX_MS = 10_000
