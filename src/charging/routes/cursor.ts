import { publicError } from '../../domain/errors.ts'
import type { ReadingCursor, StoredReading } from '../../ports/charging-transactions.ts'

/** Where a page ended, as text that callers hand back. */
export function encodeCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws FleetgridError `invalid` for what isn't ours */
export function decodeTimeCursor(text: string): { readonly at: number; readonly id: string } {
  const place = decode(text)
  const [at, id] = Array.isArray(place) ? place : []
  if (!Number.isSafeInteger(at) || typeof id !== 'string') throw wrongCursor()
  return { at, id }
}

/** @throws FleetgridError `invalid` for what isn't ours */
export function decodeTextCursor(text: string): string {
  const place = decode(text)
  const [id] = Array.isArray(place) ? place : []
  if (typeof id !== 'string') throw wrongCursor()
  return id
}

/** @throws FleetgridError `invalid` for what isn't ours */
export function readingAfter(text: string | undefined): { readonly after?: ReadingCursor } {
  if (text === undefined) return {}
  const { at, id } = decodeTimeCursor(text)
  return { after: { at, key: id } }
}

/** null: it is the last page. */
export function nextReading(page: readonly StoredReading[], limit: number): string | null {
  const last = page.length < limit ? undefined : page.at(-1)
  return last === undefined ? null : encodeCursor([last.at, last.key])
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw wrongCursor()
  }
}

function wrongCursor() {
  return publicError('invalid', '`after` must be the `next` of another page', { field: 'after' })
}
