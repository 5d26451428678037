import { createUuidV5 } from '../lib/uuid-v5.ts'
import type { StreamRecord } from '../ports/event-stream.ts'
import type { FeedMessage } from '../ports/telemetry-feed.ts'

/** A message about one vehicle, and what was read in it. */
export interface AboutMessage {
  readonly type: string
  readonly vin: string
  /** Unique within vehicle and type: made from the bytes. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly sentAt: number
  /** Its payload is a JSON object. */
  readonly incoming: Pick<FeedMessage, 'topic' | 'payload' | 'receivedAt'>
}

/** Of vehicles' messages; any change of it changes the id of every one. */
const uuidOf = createUuidV5('4e1c7b52-0d6f-4a83-b9c5-7f3a2e8d6140')

const NEWLINES = /[\r\n]+/g
const CLOSE = Buffer.from('}')

/**
 * The record of a message, on one line, as docs/how-to/event-stream.md has it. The message is in it as it
 * came, so that nobody parses it again. The same message has the same id however often it comes.
 */
export function vehicleRecord({ type, vin, id, sentAt, incoming }: AboutMessage): StreamRecord {
  const head = JSON.stringify({
    event_id: uuidOf(`${vin}/${type}/${id}`),
    vin,
    type,
    topic: incoming.topic,
    sent_at: new Date(sentAt).toISOString(),
    received_at: new Date(incoming.receivedAt).toISOString(),
  })
  const opening = Buffer.from(`${head.slice(0, -1)},"message":`)
  // All messages of a vehicle are in one part of the stream, where they keep their order.
  return { key: vin, data: Buffer.concat([opening, onOneLine(incoming.payload), CLOSE]) }
}

/** JSON has line ends between values only: in texts they are escaped. */
function onOneLine(payload: Uint8Array): Uint8Array {
  if (!payload.includes(0x0a) && !payload.includes(0x0d)) return payload
  return Buffer.from(Buffer.from(payload).toString('utf8').replaceAll(NEWLINES, ' '))
}
