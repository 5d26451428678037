import type { ExecutionResult } from '../charging/session.ts'
import type { JsonObject } from '../domain/json.ts'

interface StatusInfo {
  readonly reasonCode: string
  readonly additionalInfo?: string
}

/** What most answers look like. */
export interface StatusAnswer {
  readonly status: string
  readonly statusInfo?: StatusInfo
}

type State = 'accepted' | 'rejected' | 'failed'

// By the status words of all answers; each means the same wherever it is used. Those of a search that
// has found nothing are accepted: it was carried out. Any other word is of something that has failed.
// biome-ignore format: a table
const STATES: ReadonlyMap<string, State> = new Map([
  ['Accepted',                     'accepted'],
  ['AcceptedCanceled',             'accepted'], // and what was being done before is not
  ['Scheduled',                    'accepted'],
  ['RebootRequired',               'accepted'],
  ['Unlocked',                     'accepted'],
  ['EmptyResultSet',               'accepted'],
  ['Rejected',                     'rejected'],
  ['VersionMismatch',              'rejected'],
  ['OngoingAuthorizedTransaction', 'rejected'],
  ['Faulted',                      'rejected'],
  ['Occupied',                     'rejected'],
  ['Unavailable',                  'rejected'],
  ['InvalidCertificate',           'rejected'],
  ['RevokedCertificate',           'rejected'],
])

export function stateOf(status: string): State {
  return STATES.get(status) ?? 'failed'
}

/** What came of a request whose answer has a status. */
export function readStatus(answer: StatusAnswer): ExecutionResult {
  const { status, statusInfo } = answer
  const state = stateOf(status)
  if (state === 'accepted') return readAnswer(answer)
  return { state, answer: toJson(answer), reason: writeReason(status, statusInfo) }
}

/** Of a request that can't be refused. */
export function readAnswer(answer: object): ExecutionResult {
  return { state: 'accepted', answer: toJson(answer) }
}

/** E.g. `Rejected (NotEnabled: no such slot)`. */
export function writeReason(status: string, info: StatusInfo | undefined): string {
  if (info === undefined) return status
  const { reasonCode, additionalInfo } = info
  return `${status} (${additionalInfo ? `${reasonCode}: ${additionalInfo}` : reasonCode})`
}

/** It has come as JSON. */
export function toJson(answer: object): JsonObject {
  return answer as JsonObject
}
