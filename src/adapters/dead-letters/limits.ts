import type { DeadLetterTotalRow } from '../database/tables/dead-letter.ts'

const SLACK_BYTES = 16_000_000

/** Trimming begins: the letters are too many, or what else is in their objects is. */
export function isOverLimit(total: DeadLetterTotalRow, sizeMaxBytes: number): boolean {
  return total.letters_size_bytes > sizeMaxBytes || isBeyond(total, sizeMaxBytes * 2)
}

/** Keeping ends until the next trim. Between two of them a flood may outgrow the limit, so far. */
export function isFull(total: DeadLetterTotalRow, sizeMaxBytes: number): boolean {
  return isBeyond(total, sizeMaxBytes * 3)
}

/** A letter that comes again and again holds its object, and what else was in it, for a day. */
function isBeyond(total: DeadLetterTotalRow, limitBytes: number): boolean {
  return total.objects_size_bytes > limitBytes + SLACK_BYTES
}
