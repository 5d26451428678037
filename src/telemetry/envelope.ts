import { createHash } from 'node:crypto'
import type { TopicFamily } from './topics.ts'

/** What decoding needs beside the bytes. */
export interface Envelope {
  readonly family: TopicFamily
  readonly payload: Uint8Array
  /** Epoch milliseconds. */
  readonly receivedAt: number
  readonly sizeMaxBytes: number
}

/** An id for a message that brings none: the same bytes, the same id. */
export function contentId(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, 32)
}
