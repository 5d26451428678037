import type { StreamRecord } from '../ports/event-stream.ts'
import { eventId } from './event-id.ts'
import type { Submission, SubmittedEvent } from './submission.ts'

/**
 * The records of a submission, in the order in which they have to be published: each is made when it
 * is asked for, since of 32,000 of them one is on its way at a time. The first five members are those
 * of the original's README, the rest is ours.
 */
export function* mapEvents(submission: Submission, now: () => number): Generator<StreamRecord> {
  for (const event of submission.events) yield mapEvent(submission, event, now())
}

function mapEvent(
  { id, deviceId, timeCreated }: Submission,
  { type, index, seq, details }: SubmittedEvent,
  processedAt: number,
): StreamRecord {
  const record = {
    event_id: eventId(id, type, index),
    device_id: deviceId,
    time_processed: new Date(processedAt).toISOString(),
    type,
    details,
    submission_id: id,
    time_created: timeCreated,
    seq,
  }
  // All events of a device are in one part of the stream, where they keep their order.
  return { key: deviceId, data: Buffer.from(JSON.stringify(record)) }
}
