import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { GatheredReads } from './gathered-reads.ts'
import type { GroupCommit } from './group-commit.ts'

/** What every store of charging is made with. */
export interface StoreContext {
  readonly database: Database
  readonly commit: GroupCommit
  readonly now: () => number
}

const LOOKUPS_WAITING_MAX = 50_000
const LOOKUPS_AT_ONCE_MAX = 1000
/** Rows that one statement removes or changes: what waits for it waits for milliseconds. */
export const STEP_ROWS = 1000

export function gatherReads<Value>(
  fetch: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): GatheredReads<Value> {
  return new GatheredReads({
    fetch,
    queueMax: LOOKUPS_WAITING_MAX,
    keysMax: LOOKUPS_AT_ONCE_MAX,
  })
}

/**
 * A condition that nearly all rows fulfil which the rest of the statement finds. PostgreSQL, as long
 * as it knows little of a table, takes each `IS NULL` for one row in 200, two of them for almost none,
 * and would begin with all that fulfil them instead of with the keys.
 */
export function usually(condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN ${condition} THEN 1 ELSE 0 END <> 0`
}

/** The last one of each key, in the order of the keys' first ones. */
export function lastOf<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [keyOf(item), item]))
}

/** In the order in which every instance locks rows, so that none waits for another in a circle. */
export function inOrder<T>(byKey: ReadonlyMap<string, T>): T[] {
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}
