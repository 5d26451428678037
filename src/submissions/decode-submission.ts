import { findFault } from './event-shapes.ts'
import { isTime, isUuid } from './formats.ts'
import { type Body, readBody } from './read-body.ts'
import {
  EVENT_TYPES,
  type EventType,
  type InvalidSubmission,
  type RejectedEvent,
  type Submission,
  type SubmittedEvent,
} from './submission.ts'

// What passes through here: the body of a queue's message → a submission, or why it is none. Nothing is
// repaired or converted: a port "443" is as wrong as a port 99999 (reference/pipelines §1.2, §1.9).

/** What one bad event costs: its whole submission, or only itself. */
export type BadEventPolicy = 'drop-submission' | 'drop-event'

/** Of events dropped from one submission so many are described; the rest is counted. */
const DESCRIBED_MAX = 20

type Json = Readonly<Record<string, unknown>>

export function decodeSubmission(
  message: string,
  policy: BadEventPolicy,
): Submission | InvalidSubmission {
  const body = readBody(message)
  const invalid = (reason: string, deviceId?: string): InvalidSubmission => ({
    reason,
    deviceId,
    encoding: body.encoding,
  })
  const document = parse(body)
  if (typeof document === 'string') return invalid(document)
  const { submission_id: id, device_id: deviceId, time_created: timeCreated, events } = document
  if (!isUuid(deviceId)) return invalid('device_id is not a UUID')
  if (!isUuid(id)) return invalid('submission_id is not a UUID', deviceId)
  if (!isTime(timeCreated)) {
    return invalid('time_created is not a time such as 2022-05-09T03:23:58.982796', deviceId)
  }
  const lists = readEvents(events)
  if (typeof lists === 'string') return invalid(lists, deviceId)
  const [first] = lists.rejected
  if (first !== undefined && policy === 'drop-submission') {
    const others = lists.rejected.length - 1
    const more = others === 0 ? '' : `, and ${others} other events are wrong`
    return invalid(`${first.path} ${first.reason}${more}`, deviceId)
  }
  return { id, deviceId, timeCreated, ...lists, encoding: body.encoding }
}

export function isInvalid(decoded: Submission | InvalidSubmission): decoded is InvalidSubmission {
  return 'reason' in decoded
}

/** For people: which events were dropped, the first of them in words. */
export function describeRejected(rejected: readonly RejectedEvent[]): string {
  const described = rejected.slice(0, DESCRIBED_MAX).map(({ path, reason }) => `${path} ${reason}`)
  const more = rejected.length - described.length
  return [...described, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** The document, or what is wrong. */
function parse(body: Body): Json | string {
  if ('reason' in body) return body.reason
  let document: unknown
  try {
    document = JSON.parse(body.text)
  } catch (error) {
    // The engine's message can quote the body: keep it short.
    return `the body is not JSON: ${(error as Error).message.slice(0, 120)}`
  }
  return isObject(document) ? document : 'the body is not a JSON object'
}

interface Lists {
  readonly events: readonly SubmittedEvent[]
  readonly rejected: readonly RejectedEvent[]
}

/** A list that isn't there is an empty one; what is no list at all, or none we know, spoils all. */
function readEvents(lists: unknown): Lists | string {
  if (!isObject(lists)) return 'events is not an object'
  const unknown = Object.keys(lists).find((type) => !EVENT_TYPES.includes(type as EventType))
  if (unknown !== undefined) return `events.${unknown.slice(0, 60)} is no kind of events known here`
  const events: SubmittedEvent[] = []
  const rejected: RejectedEvent[] = []
  let seq = 0
  for (const type of EVENT_TYPES) {
    const list = lists[type] ?? (Object.hasOwn(lists, type) ? undefined : [])
    if (!Array.isArray(list)) return `events.${type} is not a list`
    for (const [index, details] of list.entries()) {
      const reason = findFault(type, details)
      if (reason === undefined) events.push({ type, index, seq, details })
      else rejected.push({ path: `events.${type}[${index}]`, reason })
      seq += 1
    }
  }
  return { events, rejected }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
