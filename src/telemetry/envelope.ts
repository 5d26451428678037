import { hash } from 'node:crypto'
import type { TopicFamily } from './topics.ts'

/** What decoding needs beside the bytes. */
export interface Envelope {
  readonly family: TopicFamily
  readonly payload: Uint8Array
  /** Epoch milliseconds. */
  readonly receivedAt: number
  readonly sizeMaxBytes: number
}

/** An id made from the bytes: 16 of them are enough that two messages never share one. */
export function contentId(payload: Uint8Array): string {
  return hash('sha256', payload, 'base64url').slice(0, 22)
}
