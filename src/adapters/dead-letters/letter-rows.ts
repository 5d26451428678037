import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { DeadLetter } from '../../ports/dead-letters.ts'
import type { Tables } from '../database/database.ts'
import type { DeadLetterRow, DeadLetterTotalRow } from '../database/tables/dead-letter.ts'

/** What a letter costs besides its line: columns, indices. */
const ROW_SIZE_BYTES = 300
const REASON_LENGTH_MAX = 4000

/** Where a letter's payload is. */
export type Place = Pick<DeadLetterRow, 'object_key' | 'line' | 'size_bytes'>

/** `count` times this very message, the last of them as `letter`. */
export interface Arrival {
  readonly id: string
  readonly letter: DeadLetter
  readonly firstReceivedAt: number
  readonly count: number
}

export function placeOf(key: string, line: number, lineSizeBytes: number): Place {
  return { object_key: key, line, size_bytes: lineSizeBytes + ROW_SIZE_BYTES }
}

export function sizeOf(rows: readonly Pick<Place, 'size_bytes'>[]): number {
  return rows.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
}

export function topicHash(topic: string): string {
  return createHash('sha256').update(topic).digest('hex').slice(0, 32)
}

/** What both engines can hold: PostgreSQL's text has no NUL. */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

export function storableReason(reason: string): string {
  const text = storableText(reason)
  return text.length <= REASON_LENGTH_MAX ? text : `${text.slice(0, REASON_LENGTH_MAX)}…`
}

/**
 * The first statement of whoever adds or removes letters: they take turns, over all instances.
 * So totals are exact, positions are given out in the order of commits, and no two of them wait
 * for each other's rows.
 */
export async function takeTurn(
  trx: Transaction<Tables>,
  positions: number,
): Promise<DeadLetterTotalRow> {
  return trx
    .updateTable('dead_letter_total')
    .set((of) => ({ last_position: of('last_position', '+', positions) }))
    .where('id', '=', 1)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function addToTotals(
  trx: Transaction<Tables>,
  letters: number,
  objects: number,
): Promise<void> {
  await trx
    .updateTable('dead_letter_total')
    .set((of) => ({
      letters_size_bytes: of('letters_size_bytes', '+', letters),
      objects_size_bytes: of('objects_size_bytes', '+', objects),
    }))
    .where('id', '=', 1)
    .execute()
}

/** Inserts, or raises the count and opens again. */
export async function upsertLetters(
  trx: Transaction<Tables>,
  arrivals: readonly (Arrival & { readonly place: Place })[],
  firstPosition: number,
): Promise<void> {
  const rows = arrivals.map(({ id, letter, firstReceivedAt, count, place }, index) => ({
    id,
    position: firstPosition + index,
    state: 'open' as const,
    topic: storableText(letter.topic),
    topic_hash: topicHash(letter.topic),
    reason: storableReason(letter.reason),
    received_at: letter.receivedAt,
    first_received_at: firstReceivedAt,
    count,
    redrive_attempts: 0,
    redriven_at: null,
    claimed_until: 0,
    ...place,
  }))
  await trx
    .insertInto('dead_letter')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((of) => ({
        position: of.ref('excluded.position'),
        state: of.ref('excluded.state'),
        reason: of.ref('excluded.reason'),
        received_at: of.ref('excluded.received_at'),
        count: of('dead_letter.count', '+', of.ref('excluded.count')),
        object_key: of.ref('excluded.object_key'),
        line: of.ref('excluded.line'),
        size_bytes: of.ref('excluded.size_bytes'),
      })),
    )
    .execute()
}

/** Objects among these without a letter are to be removed. Returns their size. */
export async function releaseObjects(
  trx: Transaction<Tables>,
  keys: Iterable<string>,
): Promise<number> {
  const candidates = [...new Set(keys)]
  if (candidates.length === 0) return 0
  const released = await trx
    .updateTable('dead_letter_object')
    .set({ removable: 1 })
    .where('key', 'in', candidates)
    .where('removable', '=', 0)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('dead_letter')
            .select('dead_letter.id')
            .whereRef('dead_letter.object_key', '=', 'dead_letter_object.key'),
        ),
      ),
    )
    .returning('size_bytes')
    .execute()
  return sizeOf(released)
}
