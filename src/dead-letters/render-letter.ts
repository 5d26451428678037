import { isUtf8 } from 'node:buffer'
import type { StoredDeadLetter } from '../ports/dead-letters.ts'
import type { DeadLetterItem } from './schemas.ts'

const TEXT_SIZE_MAX_BYTES = 4096

export function renderLetter(letter: StoredDeadLetter): DeadLetterItem {
  const { id, topic, reason, count, state, redriveAttempts, redrivenAt } = letter
  const payload = Buffer.from(letter.payload)
  const isText = payload.length <= TEXT_SIZE_MAX_BYTES && isUtf8(payload)
  return {
    id,
    topic,
    reason,
    receivedAt: isoTime(letter.receivedAt),
    firstReceivedAt: isoTime(letter.firstReceivedAt),
    count,
    state,
    redriveAttempts,
    ...(redrivenAt === undefined ? {} : { redrivenAt: isoTime(redrivenAt) }),
    sizeBytes: payload.length,
    payload: payload.toString('base64'),
    ...(isText ? { payloadText: payload.toString('utf8') } : {}),
  }
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}
