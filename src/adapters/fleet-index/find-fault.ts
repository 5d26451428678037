import type { Position } from '../../domain/position.ts'
import type { Stamp } from '../../domain/stamp.ts'
import type { FleetChange, HistoryRecord, TelemetrySection } from '../../ports/fleet-index.ts'

/**
 * OpenSearch's limit for `_id`; both engines refuse the same.
 * https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
 */
export const KEY_SIZE_MAX_BYTES = 512

const OPEN_BRACE = 0x7b

/** Why a change can never be stored, or undefined. Runs for each change, so it must stay cheap. */
export function findFault(change: FleetChange): string | undefined {
  for (const record of change.history) {
    const fault = faultOfRecord(record)
    if (fault !== undefined) return `${record.index} record: ${fault}`
  }
  const { telemetry } = change
  if (telemetry !== undefined) {
    const fault = faultOfTelemetry(telemetry, change.history[0])
    if (fault !== undefined) return `telemetry: ${fault}`
  }
  for (const { vin, revision, deleted } of change.statuses ?? []) {
    const fault =
      faultOfKey('vin', vin) ??
      faultOfInteger('revision', revision) ??
      (deleted === undefined ? undefined : faultOfStamp(deleted))
    if (fault !== undefined) return `vehicle status: ${fault}`
  }
  for (const { deviceid, revision } of change.devices ?? []) {
    const fault = faultOfKey('deviceid', deviceid) ?? faultOfInteger('revision', revision)
    if (fault !== undefined) return `device status: ${fault}`
  }
  return undefined
}

function faultOfRecord(record: HistoryRecord): string | undefined {
  return (
    faultOfKey('vin', record.vin) ??
    faultOfKey('id', record.id) ??
    faultOfInteger('at', record.at) ??
    (record.tripId === undefined ? undefined : faultOfKey('trip id', record.tripId)) ??
    (record.condition === undefined ? undefined : faultOfKey('condition', record.condition)) ??
    faultOfPosition(record.position) ??
    faultOfDocument(record.document)
  )
}

/** What it shares with its record has been looked at there. */
function faultOfTelemetry(
  { vin, stamp, document, position }: TelemetrySection,
  record: HistoryRecord | undefined,
): string | undefined {
  return (
    (vin === record?.vin ? undefined : faultOfKey('vin', vin)) ??
    faultOfInteger('stamp', stamp.at) ??
    (stamp.id === record?.id ? undefined : faultOfKey('stamp id', stamp.id)) ??
    (document === record?.document ? undefined : faultOfDocument(document)) ??
    (position === record?.position ? undefined : faultOfPosition(position))
  )
}

function faultOfStamp(stamp: Stamp): string | undefined {
  return faultOfInteger('stamp', stamp.at) ?? faultOfKey('stamp id', stamp.id)
}

function faultOfKey(name: string, value: string): string | undefined {
  if (isKeyTooLong(value)) return `${name} is longer than ${KEY_SIZE_MAX_BYTES} bytes`
  // Half a surrogate pair would be stored as U+FFFD: two different ids would become one.
  if (!value.isWellFormed()) return `${name} is not well-formed Unicode`
  return value.includes('\0') ? `${name} holds a NUL character` : undefined
}

export function isKeyTooLong(key: string): boolean {
  // A UTF-16 unit is at most three bytes, so most keys need no count of bytes.
  return key.length * 3 > KEY_SIZE_MAX_BYTES && Buffer.byteLength(key) > KEY_SIZE_MAX_BYTES
}

function faultOfInteger(name: string, value: number): string | undefined {
  return Number.isSafeInteger(value) ? undefined : `${name} is not a whole number: ${value}`
}

function faultOfDocument(document: string): string | undefined {
  // The first character is enough to tell text from a document; it was serialised by this process.
  return document.charCodeAt(0) === OPEN_BRACE ? undefined : 'document is not a JSON object'
}

function faultOfPosition(position: Position | undefined): string | undefined {
  if (position === undefined) return undefined
  const { longitude, latitude } = position
  // Written so that NaN fails.
  if (Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90) return undefined
  return `position is out of range: ${longitude}, ${latitude}`
}
