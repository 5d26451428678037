import { FleetgridError } from '../../domain/errors.ts'
import type { DeadLetter } from '../../ports/dead-letters.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { Database } from '../database/database.ts'
import { encodeLine, letterId } from './letter-lines.ts'
import {
  type Arrival,
  addToTotals,
  type Place,
  placeOf,
  releaseObjects,
  sizeOf,
  takeTurn,
  upsertLetters,
} from './letter-rows.ts'
import { isFull } from './limits.ts'
import { dayPrefix } from './object-names.ts'

// What passes through here: letters → which of them have their payload stored today already → one
// object with the others' → rows. Only then they are accepted, so a crash in between leaves
// letters that come again, and an object that no row knows.

/** Payloads of one object, all handled in one turn of the event loop. A single letter may be larger. */
const CHUNK_SIZE_MAX_BYTES = 1_000_000
const CHUNK_LETTERS_MAX = 1000

export interface KeepDeps {
  readonly database: Database
  readonly objectStore: ObjectStore
  readonly sizeMaxBytes: number
  readonly nameObject: (at: number) => string
  readonly now: () => number
}

/** Indices of letters, the oldest first, in portions that one object and transaction take. */
export function* chunkLetters(letters: readonly DeadLetter[]): Generator<number[]> {
  const order = letters
    .map(({ receivedAt, payload }, index) => ({ index, receivedAt, sizeBytes: payload.length }))
    .sort((a, b) => a.receivedAt - b.receivedAt)
  let chunk: number[] = []
  let total = 0
  for (const { index, sizeBytes } of order) {
    const isComplete = chunk.length >= CHUNK_LETTERS_MAX || total + sizeBytes > CHUNK_SIZE_MAX_BYTES
    if (chunk.length > 0 && isComplete) {
      yield chunk
      chunk = []
      total = 0
    }
    chunk.push(index)
    total += sizeBytes
  }
  if (chunk.length > 0) yield chunk
}

/** Keeps one chunk; returns the ids of letters that have to be tried again. */
export async function keepChunk(
  deps: KeepDeps,
  letters: readonly DeadLetter[],
): Promise<ReadonlySet<string>> {
  const at = deps.now()
  const arrivals = mergeRepeats(letters.map((letter) => withUsableTime(letter, at)))
  await assertRoom(deps)
  const stored = await findStoredSince(deps.database, arrivals, dayPrefix(at))
  const fresh = arrivals.filter(({ id }) => !stored.has(id))
  const written = await writeObject(deps, fresh, at)
  return deps.database.transaction(async (trx) => {
    const { last_position } = await takeTurn(trx, arrivals.length)
    const before = await trx
      .selectFrom('dead_letter')
      .select(['id', 'object_key', 'line', 'size_bytes'])
      .where('id', 'in', idsOf(arrivals))
      .execute()
    const known = new Map<string, Place & { id: string }>(before.map((row) => [row.id, row]))
    const placed = arrivals.flatMap((arrival) => {
      // Trimmed since it was looked for: it has no payload any more and comes again.
      const place = written.places.get(arrival.id) ?? known.get(arrival.id)
      return place === undefined ? [] : [{ ...arrival, place: onlyPlace(place) }]
    })
    if (written.key !== undefined) {
      const object = { key: written.key, size_bytes: written.sizeBytes, removable: 0 }
      await trx.insertInto('dead_letter_object').values(object).execute()
    }
    if (placed.length > 0) await upsertLetters(trx, placed, last_position - arrivals.length + 1)
    const left = before.filter(({ id }) => written.places.has(id))
    const released = await releaseObjects(trx, keysOf(left))
    const growth = sizeOf(placed.map(({ place }) => place)) - sizeOf(before)
    await addToTotals(trx, growth, written.sizeBytes - released)
    const kept = new Set(idsOf(placed))
    return new Set(idsOf(arrivals).filter((id) => !kept.has(id)))
  })
}

async function assertRoom({ database, sizeMaxBytes }: KeepDeps): Promise<void> {
  const total = await database.run((db) =>
    db.selectFrom('dead_letter_total').selectAll().executeTakeFirstOrThrow(),
  )
  if (!isFull(total, sizeMaxBytes)) return
  const problem = `Dead letters: ${total.objects_size_bytes} bytes are stored, far beyond the limit of ${sizeMaxBytes}, until the oldest are dropped`
  throw new FleetgridError('unavailable', problem)
}

/** A time that is none must not keep a letter, and the others of its batch, from being stored. */
function withUsableTime(letter: DeadLetter, at: number): DeadLetter {
  const receivedAt = Math.round(letter.receivedAt)
  const isTime = !Number.isNaN(new Date(receivedAt).getTime())
  return { ...letter, receivedAt: isTime ? receivedAt : at }
}

/** One statement can't touch a row twice. */
function mergeRepeats(letters: readonly DeadLetter[]): Arrival[] {
  const arrivals = new Map<string, Arrival>()
  for (const letter of letters) {
    const id = letterId(letter)
    const earlier = arrivals.get(id)
    const count = (earlier?.count ?? 0) + 1
    const firstReceivedAt = earlier?.firstReceivedAt ?? letter.receivedAt
    // Taken out first, so that the last time decides its position.
    arrivals.delete(id)
    arrivals.set(id, { id, letter, firstReceivedAt, count })
  }
  return [...arrivals.values()]
}

/**
 * Ids whose payload was stored since this day began. What comes again on another day is stored
 * again, so that a message which comes for years doesn't hold objects of all of them.
 */
async function findStoredSince(
  database: Database,
  arrivals: readonly Arrival[],
  firstKey: string,
): Promise<ReadonlySet<string>> {
  const rows = await database.run((db) =>
    db
      .selectFrom('dead_letter')
      .select(['id', 'object_key'])
      .where('id', 'in', idsOf(arrivals))
      .execute(),
  )
  const today = rows.filter(({ object_key }) => object_key.startsWith(firstKey))
  return new Set(idsOf(today))
}

async function writeObject(deps: KeepDeps, arrivals: readonly Arrival[], at: number) {
  const places = new Map<string, Place>()
  if (arrivals.length === 0) return { key: undefined, places, sizeBytes: 0 }
  const key = deps.nameObject(at)
  const lines = arrivals.map(({ id, letter }) => encodeLine(id, letter))
  for (const [number, line] of lines.entries()) {
    const id = arrivals[number]?.id
    if (id !== undefined) places.set(id, placeOf(key, number, line.length))
  }
  const body = Buffer.concat(lines)
  await deps.objectStore.put(key, body, 'application/x-ndjson')
  return { key, places, sizeBytes: body.length }
}

function onlyPlace({ object_key, line, size_bytes }: Place): Place {
  return { object_key, line, size_bytes }
}

function idsOf(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id)
}

function keysOf(places: readonly Place[]): string[] {
  return places.map(({ object_key }) => object_key)
}
