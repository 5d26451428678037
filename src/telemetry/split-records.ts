import { isJsonObject, type Json } from '../domain/json.ts'
import type { FeedMessage } from '../ports/telemetry-feed.ts'

/** Lambda hands over no more in one batch. */
const RECORDS_MAX = 10_000

/**
 * A message with several stream records, as a message for each; they share its answer: it is
 * acknowledged when all of them are, and refused as soon as all have ended and one was refused.
 * What holds no list of records is one message, as it came.
 */
export function splitRecords(message: FeedMessage): readonly FeedMessage[] {
  const records = readRecords(message.payload)
  if (records === undefined) return [message]
  if (records.length === 0) {
    message.acknowledge()
    return []
  }
  const { topic, receivedAt } = message
  let open = records.length
  let refusal: string | undefined
  const end = (reason?: string): void => {
    refusal ??= reason
    open -= 1
    if (open > 0) return
    if (refusal === undefined) message.acknowledge()
    else message.refuse(refusal)
  }
  return records.map((payload) => ({
    topic,
    payload,
    receivedAt,
    acknowledge: () => end(),
    refuse: end,
  }))
}

/** `{ Records: […] }` as Lambda gets it, or the bare array. */
function readRecords(payload: Uint8Array): Uint8Array[] | undefined {
  try {
    const value: Json = JSON.parse(Buffer.from(payload).toString('utf8'))
    const records = isJsonObject(value) ? value['Records'] : value
    if (!Array.isArray(records) || records.length > RECORDS_MAX) return undefined
    return records.map((record) => Buffer.from(JSON.stringify(record)))
  } catch {
    // Not JSON, or nested deeper than anybody reads: whoever decodes it says so.
    return undefined
  }
}
