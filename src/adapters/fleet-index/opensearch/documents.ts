import type { DeviceStatus } from '../../../domain/device.ts'
import { currentInstallation } from '../../../domain/device-merge.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import { isNewer, type Stamp } from '../../../domain/stamp.ts'
import {
  activeAnomalies,
  activeTroubleCodes,
  isHidden,
  plainAttributes,
  type VehicleStatus,
} from '../../../domain/vehicle.ts'
import { ADDED_MEMBERS, type HistoryRecord } from '../../../ports/fleet-index.ts'
import { fitToMapping } from './fit-to-mapping.ts'
import { hash52 } from './hash52.ts'

// The texts that are stored. A message's own text goes in as it is, our members are spliced on: this
// runs for every message. Only text that would make a broken document is parsed and written anew.

/** What is stored of a vehicle, register by register; its telemetry's text apart. */
export interface VehicleRegisters {
  readonly telemetry: Stamp | undefined
  readonly position: PositionRegister | undefined
  readonly status: VehicleStatus | undefined
  /** Instance that wrote the status, or SEVERAL. */
  readonly writer: string | undefined
  /** When, by that instance's clock, epoch milliseconds. */
  readonly changedAt: number
}

export interface PositionRegister {
  readonly stamp: Stamp
  readonly longitude: number
  readonly latitude: number
}

const ADDED = new RegExp(`"(?:${ADDED_MEMBERS.join('|')})"|\n`)

/** Below this length a document might have no member at all, and a comma would break it. */
const SURELY_FILLED_LENGTH = 64

/** Of a telemetry's text: `isPlain`, or unknown, or it holds something that the mapping can't take. */
export type TextState = 'plain' | 'unknown' | 'unfit'

/** A document in two pieces, so that the first, a long text, need not be copied to be joined. */
export type Pieces = readonly [own: string, ours: string]

/** The document of latest_telemetry in one piece. */
export function composeLatest(...about: Parameters<typeof composeLatestPieces>): string {
  return composeLatestPieces(...about).join('')
}

/**
 * The document of latest_telemetry.
 * @param text of the telemetry; undefined if there is none
 * @throws SyntaxError if the text is no JSON object
 */
export function composeLatestPieces(
  vin: string,
  registers: VehicleRegisters,
  text: string | undefined,
  state: TextState = 'unknown',
): Pieces {
  const own = text === undefined ? '{' : ownMembers(text, state)
  const comma = own === '{' ? '' : ','
  const vinJson = JSON.stringify(vin)
  const vinMember = state === 'plain' || own.includes('"vin"') ? '' : `"vin":${vinJson},`
  const shared = registers.status === undefined ? '' : sharedMembers(registers.status)
  const { status, writer, changedAt } = registers
  const known =
    status === undefined
      ? ''
      : `,"status":${statusJson(status)},"revision":${status.revision},"writer":${JSON.stringify(writer)},"changed_at":${changedAt}`
  const registerJson = registerMembers(vin, vinJson, registers)
  return [own, `${comma}${vinMember}${shared}"fleetgrid":{${registerJson}${known}}}`]
}

function registerMembers(
  vin: string,
  vinJson: string,
  { telemetry, position, status }: VehicleRegisters,
): string {
  const hidden = status !== undefined && isHidden(status, telemetry)
  let members = `"vin":${vinJson},"order":${hash52(vin)},"hidden":${hidden}`
  // Mostly of one message, and so written once.
  const at = telemetry === undefined ? '' : String(telemetry.at)
  const id = telemetry === undefined ? '' : JSON.stringify(telemetry.id)
  if (telemetry !== undefined) members += `,"telemetry_at":${at},"telemetry_id":${id}`
  if (position !== undefined) {
    const { stamp, longitude, latitude } = position
    // One from before the deletion is only a register.
    const name = isNewer(stamp, status?.deleted) ? 'position' : 'last_position'
    members += `,"${name}":[${longitude},${latitude}]`
    members += `,"position_at":${stamp.at === telemetry?.at ? at : stamp.at}`
    members += `,"position_id":${stamp.id === telemetry?.id ? id : JSON.stringify(stamp.id)}`
  }
  return members
}

/** A telemetry text without what is ours and without its last brace. */
function ownMembers(text: string, state: TextState): string {
  if (state === 'plain') return text.slice(0, -1)
  if (state === 'unknown' && text.length > SURELY_FILLED_LENGTH && text.endsWith('}')) {
    if (!ADDED.test(text)) return text.slice(0, -1)
  }
  const document = withoutReserved(parseObject(text))
  const { fitted } =
    state === 'unfit' ? fitToMapping(document, 'latest_telemetry') : { fitted: document }
  return JSON.stringify(fitted).slice(0, -1)
}

/** A document of latest_telemetry, or what is to be one, without the members that are ours. */
export function withoutReserved(document: JsonObject): JsonObject {
  const own = { ...document }
  for (const name of ADDED_MEMBERS) delete own[name]
  return own
}

/** The document of shared_cardata: what outside users see of a vehicle beside its telemetry. */
export function composeShared(status: VehicleStatus): string {
  const deleted = isHidden(status, undefined) ? '"deleted":true,' : ''
  return `{${sharedMembers(status)}${deleted}"vin":${JSON.stringify(status.vin)}}`
}

export function composeDevice(device: DeviceStatus, writer: string, changedAt: number): string {
  const { deviceid, softwareVersion, revision } = device
  return JSON.stringify({
    deviceid,
    ...(softwareVersion === undefined ? {} : { softwareversion: softwareVersion.value }),
    ...vinOf(device),
    fleetgrid: { order: hash52(deviceid), status: device, revision, writer, changed_at: changedAt },
  })
}

function vinOf(device: DeviceStatus): { vin?: string } {
  const place = currentInstallation(device)
  return place === undefined ? {} : { vin: place.vin }
}

/**
 * `_id` of a history record. The time comes first: so the ids of a segment lie close together, and
 * asking whether an id is there already ends at most segments at once.
 */
export function recordId({ vin, at, id }: Pick<HistoryRecord, 'vin' | 'at' | 'id'>): string {
  return `${at}~${vin}~${id}`
}

/** Among records of one vehicle: decides between equal times, and is the cursor of a page. */
function recordOrder(at: string, id: string): number {
  return hash52(`${at}~${id}`)
}

/** The document of a history record in one piece. */
export function composeRecord(...about: Parameters<typeof composeRecordPieces>): string {
  return composeRecordPieces(...about).join('')
}

/**
 * The document of a history record.
 * @param isFitted members that the mapping can't take go into `fleetgrid.unindexed`
 * @throws SyntaxError if the record's document is no JSON object
 */
export function composeRecordPieces(
  record: HistoryRecord,
  storedAt: number,
  isFitted = false,
): Pieces {
  const { document, isPlain, members } = record
  const more = members === undefined ? '' : `${members},`
  const isSpliced =
    !isFitted &&
    (isPlain ||
      (document.length > SURELY_FILLED_LENGTH &&
        document.endsWith('}') &&
        !document.includes('"fleetgrid"') &&
        !document.includes('\n')))
  if (isSpliced) {
    const ours = `,${more}"fleetgrid":{${recordMembers(record, storedAt)}}}`
    return [document.slice(0, -1), ours]
  }
  return [rewriteRecord(record, storedAt), '']
}

function rewriteRecord(record: HistoryRecord, storedAt: number): string {
  const { document, members = '' } = record
  const { fleetgrid, ...own } = parseObject(document)
  const all = members === '' ? own : { ...own, ...parseObject(`{${members}}`) }
  const { fitted, displaced } = fitToMapping(all, record.index)
  const unindexed = fleetgrid === undefined ? displaced : { ...displaced, fleetgrid }
  const json = JSON.stringify(fitted)
  const body = json === '{}' ? '{' : `${json.slice(0, -1)},`
  const rest =
    Object.keys(unindexed).length === 0 ? '' : `,"unindexed":${JSON.stringify(unindexed)}`
  return `${body}"fleetgrid":{${recordMembers(record, storedAt)}${rest}}}`
}

function recordMembers(record: HistoryRecord, storedAt: number): string {
  const { vin, id, tripId, condition, raises, position } = record
  const at = String(record.at)
  let members = `"vin":${JSON.stringify(vin)},"at":${at},"id":${JSON.stringify(id)}`
  members += `,"order":${recordOrder(at, id)},"stored_at":${storedAt}`
  if (tripId !== undefined) members += `,"trip":${JSON.stringify(tripId)}`
  if (condition !== undefined) members += `,"condition":${JSON.stringify(condition)}`
  if (raises !== undefined) members += `,"raises":${raises}`
  if (position !== undefined) {
    members += `,"position":[${position.longitude},${position.latitude}]`
  }
  return members
}

interface StatusTexts {
  readonly json: string
  readonly members: string
}

/** Statuses change rarely and are written with each message: their texts are kept as long as they. */
const statusTexts = new WeakMap<VehicleStatus, StatusTexts>()

function statusJson(status: VehicleStatus): string {
  return textsOf(status).json
}

/** Of what a status shows, each member with a comma behind it. */
function sharedMembers(status: VehicleStatus): string {
  return textsOf(status).members
}

function textsOf(status: VehicleStatus): StatusTexts {
  let texts = statusTexts.get(status)
  if (texts === undefined) {
    const members = JSON.stringify(sharedOf(status)).slice(1, -1)
    texts = { json: JSON.stringify(status), members: members === '' ? '' : `${members},` }
    statusTexts.set(status, texts)
  }
  return texts
}

function sharedOf(status: VehicleStatus): JsonObject {
  const attributes = indexable(plainAttributes(status))
  const troubleCodes = activeTroubleCodes(status)
  const anomalies = activeAnomalies(status)
  const shared: JsonObject = {}
  if (Object.keys(attributes).length > 0) shared['attributes'] = attributes
  if (status.devices.length > 0) shared['devices'] = status.devices.map((device) => ({ ...device }))
  if (troubleCodes.length > 0) shared['trouble_codes'] = troubleCodes.map((code) => ({ code }))
  if (anomalies.length > 0) {
    shared['anomalies'] = anomalies.map((type) => anomalyOf(status, type))
  }
  return shared
}

function anomalyOf(status: VehicleStatus, type: string): JsonObject {
  const { score, value } = status.anomalies[type] ?? {}
  return {
    anomaly_type: type,
    ...(score === undefined ? {} : { anomaly_score: score }),
    ...(value === undefined ? {} : { value }),
  }
}

/** Attributes that filters look at are text, the year a number; others of another kind stay out. */
function indexable(attributes: JsonObject): JsonObject {
  const { fitted } = fitToMapping({ attributes }, 'latest_telemetry')
  const plain = isJsonObject(fitted['attributes']) ? fitted['attributes'] : {}
  for (const name of ['make', 'model', 'colorcode']) {
    if (Object.hasOwn(plain, name) && typeof plain[name] !== 'string') delete plain[name]
  }
  if (typeof plain['modelyear'] !== 'number') delete plain['modelyear']
  return plain
}

export function emptyRegisters(): VehicleRegisters {
  return {
    telemetry: undefined,
    position: undefined,
    status: undefined,
    writer: undefined,
    changedAt: 0,
  }
}

function parseObject(text: string): JsonObject {
  const value = JSON.parse(text) as Json
  if (isJsonObject(value)) return value
  throw new SyntaxError('the document is not a JSON object')
}
