import type { Transaction } from 'kysely'
import { OBJECTS_PER_CALL_MAX, type ObjectStore } from '../../ports/object-store.ts'
import type { Database, Tables } from '../database/database.ts'
import { addToTotals, releaseObjects, sizeOf, takeTurn } from './letter-rows.ts'
import { isOverLimit } from './limits.ts'
import { storeOf } from './object-names.ts'

/** Small enough that a letter behind it waits for tens of milliseconds at most. */
const STEP_LETTERS = 200

export interface TrimDeps {
  readonly database: Database
  readonly objectStore: ObjectStore
  readonly sizeMaxBytes: number
}

/** How many letters from before `olderThan` this step removed; 0 when none is left. */
export async function expireSome({ database }: TrimDeps, olderThan: number): Promise<number> {
  const isAnyOld = await database.run((db) =>
    db
      .selectFrom('dead_letter')
      .select('id')
      .where('received_at', '<', olderThan)
      .limit(1)
      .executeTakeFirst(),
  )
  if (isAnyOld === undefined) return 0
  return database.transaction(async (trx) => {
    await takeTurn(trx, 0)
    const old = await trx
      .selectFrom('dead_letter')
      .select('id')
      .where('received_at', '<', olderThan)
      .orderBy('received_at')
      .limit(STEP_LETTERS)
      .execute()
    return removeLetters(
      trx,
      old.map(({ id }) => id),
    )
  })
}

/** How many of the oldest letters this step removed to get below the size limit. */
export async function evictSome({ database, sizeMaxBytes }: TrimDeps): Promise<number> {
  const total = await database.run((db) =>
    db.selectFrom('dead_letter_total').selectAll().executeTakeFirstOrThrow(),
  )
  if (!isOverLimit(total, sizeMaxBytes)) return 0
  return database.transaction(async (trx) => {
    const now = await takeTurn(trx, 0)
    const excess = now.letters_size_bytes - sizeMaxBytes
    if (excess > 0) return removeLetters(trx, await findOldest(trx, excess))
    if (!isOverLimit(now, sizeMaxBytes)) return 0
    return removeLetters(trx, await findInOldestObject(trx))
  })
}

async function findOldest(trx: Transaction<Tables>, excess: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('dead_letter')
    .select(['id', 'size_bytes'])
    .orderBy('position')
    .limit(STEP_LETTERS)
    .execute()
  const ids: string[] = []
  let left = excess
  for (const { id, size_bytes } of rows) {
    if (left <= 0) break
    ids.push(id)
    left -= size_bytes
  }
  return ids
}

async function findInOldestObject(trx: Transaction<Tables>): Promise<string[]> {
  const rows = await trx
    .selectFrom('dead_letter')
    .select('id')
    .where('object_key', '=', (of) =>
      of
        .selectFrom('dead_letter_object')
        .select('key')
        .where('removable', '=', 0)
        .orderBy('key')
        .limit(1),
    )
    .execute()
  return rows.map(({ id }) => id)
}

async function removeLetters(trx: Transaction<Tables>, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0
  const removed = await trx
    .deleteFrom('dead_letter')
    .where('id', 'in', ids)
    .returning(['object_key', 'size_bytes'])
    .execute()
  const released = await releaseObjects(
    trx,
    removed.map(({ object_key }) => object_key),
  )
  await addToTotals(trx, -sizeOf(removed), -released)
  return removed.length
}

/** Removes objects without letters; how many, 0 when none is left. */
export async function removeSomeObjects({ database, objectStore }: TrimDeps): Promise<number> {
  const rows = await database.run((db) =>
    db
      .selectFrom('dead_letter_object')
      .select('key')
      .where('removable', '=', 1)
      .orderBy('key')
      .limit(OBJECTS_PER_CALL_MAX)
      .execute(),
  )
  if (rows.length === 0) return 0
  const keys = rows.map(({ key }) => key)
  await objectStore.remove(keys)
  await database.run((db) => db.deleteFrom('dead_letter_object').where('key', 'in', keys).execute())
  return keys.length
}

/**
 * Looks at one page of objects and removes those that a crash left between an object and its
 * rows. Their letters weren't accepted and came again. They stay as long as letters do, so that
 * whatever happens to the database, payloads are there for their time.
 */
export async function sweepPage(
  { database, objectStore }: TrimDeps,
  page: { readonly prefix: string; readonly after: string | undefined },
  { store, olderThan }: { readonly store: string; readonly olderThan: number },
): Promise<string | undefined> {
  const { objects, next } = await objectStore.list(page.prefix, page.after)
  const keys = objects
    .filter(({ key, modifiedAt }) => modifiedAt < olderThan && storeOf(key) === store)
    .map(({ key }) => key)
  if (keys.length === 0) return next
  const rows = await database.run((db) =>
    db.selectFrom('dead_letter_object').select('key').where('key', 'in', keys).execute(),
  )
  const known = new Set(rows.map(({ key }) => key))
  const orphans = keys.filter((key) => !known.has(key))
  if (orphans.length > 0) await objectStore.remove(orphans)
  return next
}
