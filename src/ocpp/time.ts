import { parseTimestamp } from '../domain/time.ts'

/** The last moment that a timestamp can say; with a zone it can be a day later. */
const TIME_MAX = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Epoch milliseconds of a timestamp that the schema has let through. A clock that was never set (the year
 * 1 or 1969) is 0: the same message told again must have the same time, so it can't be ours.
 */
export function readTime(text: string): number {
  const at = parseTimestamp(text) ?? parseTimestamp(toUsual(text)) ?? 0
  return Math.min(at, TIME_MAX)
}

export function writeTime(at: number): string {
  return new Date(at).toISOString()
}

/** RFC 3339 has leap seconds, and some charge points write zones without minutes. */
function toUsual(text: string): string {
  return text.replace(/:60(?=\D|$)/, ':59').replace(/([+-]\d\d)$/, '$1:00')
}
