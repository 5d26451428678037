import { type DevicePatch, deleteDevice, patchDevice } from '../domain/device-merge.ts'
import type { JsonObject } from '../domain/json.ts'
import { isNewer, newest, type Stamp } from '../domain/stamp.ts'
import { isActive, summarizeTelemetry } from '../domain/vehicle.ts'
import {
  clearAllTroubleCodes,
  clearAnomaly,
  deleteVehicle,
  patchAttributes,
  raiseAnomaly,
  reportTroubleCode,
} from '../domain/vehicle-merge.ts'
import type { FleetChange, HistoryRecord, TelemetrySection } from '../ports/fleet-index.ts'
import { writeCardata } from './cardata-text.ts'
import { printable, Unusable } from './decode-payload.ts'
import type {
  AnomalyMessage,
  CardataMessage,
  DeviceEventMessage,
  DtcMessage,
  EventMessage,
  GroupEventMessage,
  TripMessage,
  VehicleMessage,
} from './messages.ts'
import { type Applied, OIL_TEMPERATURE, type Registry, type VehicleEntry } from './registry.ts'

/** Trouble codes, attributes or installations that one document may ever have shown. */
const ENTRIES_MAX = 200
/** Of one attribute, as JSON; the longest of the original's is a few characters. */
const ATTRIBUTE_LENGTH_MAX = 1024

/** The original's score of an oil temperature is its distance from here (reference §1.5). */
const OIL_TEMPERATURE_BASE_F = 250

export interface ApplyOptions {
  readonly receivedAt: number
  readonly clockSkewToleranceMs: number
  /** undefined: no detection of anomalies in telemetry. */
  readonly oilTemperatureLimitF: number | undefined
}

type Applicable = VehicleMessage | DeviceEventMessage | GroupEventMessage | SoftwareInstalled

/** A job has put a version onto a device. */
export interface SoftwareInstalled {
  readonly kind: 'software-installed'
  readonly deviceId: string
  readonly version: string
  readonly stamp: Stamp
}

/**
 * One message → what has to be written for it. Status and devices change in memory at once, as
 * joins; telemetry becomes visible when it is stored.
 * @throws Unusable when a limit of the registry is reached
 */
export function applyMessage(
  registry: Registry,
  message: Applicable,
  options: ApplyOptions,
): Applied {
  if (message.kind === 'cardata') return applyCardata(registry, message, options)
  return { change: applyOther(registry, message) }
}

function applyOther(registry: Registry, message: Exclude<Applicable, CardataMessage>): FleetChange {
  switch (message.kind) {
    case 'trip':
      return applyTrip(message)
    case 'dtc':
      return applyDtc(registry, message)
    case 'event':
      return applyEvent(message)
    case 'anomaly-record':
      return applyAnomaly(registry, message)
    case 'group-event':
      return applyGroupEvent(registry, message)
    case 'device-event':
      return applyDeviceEvent(registry, message)
    case 'software-installed':
      return applyDevicePatch(
        registry,
        message.deviceId,
        { softwareVersion: message.version },
        message.stamp,
      )
  }
}

function applyCardata(registry: Registry, message: CardataMessage, options: ApplyOptions): Applied {
  const { stamp, document, sentAt } = message
  const entry = registry.vehicle(message.vin)
  // One text a vehicle, so that what is kept and looked up is always the same.
  const { vin } = entry.status
  const skewMs = sentAt - options.receivedAt
  const isSkewed = Math.abs(skewMs) > options.clockSkewToleranceMs
  const isSound = typeof message.position !== 'string'
  const faults = isSkewed || !isSound ? faultsOf(message, skewMs, isSkewed) : NO_FAULTS
  const text = writeCardata(message, faults)
  const isPlain = message.text !== undefined
  const record: Mutable<HistoryRecord> = {
    index: 'cardata',
    vin,
    at: sentAt,
    id: message.id,
    document: text,
    isPlain,
  }
  const telemetry: Mutable<TelemetrySection> = { vin, stamp, document: text, isPlain }
  if (message.tripId !== undefined) record.tripId = message.tripId
  if (typeof message.position !== 'string') {
    record.position = message.position
    telemetry.position = message.position
  }
  addSharedMembers(record, document, registry.sharedMembers(entry))
  const anomaly = detectOilTemperature(entry, message, options.oilTemperatureLimitF)
  const history = anomaly === undefined ? [record] : [record, anomaly]
  const statuses = registry.unstoredStatus(entry)
  if (!isNewer(stamp, entry.status.deleted)) return { change: { history, statuses } }
  const summary = summarizeTelemetry(document)
  return { change: { history, telemetry, statuses }, visible: { entry, summary } }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NO_FAULTS = {}

/** What is wrong with a message that is kept all the same, as members of its document. */
function faultsOf({ position }: CardataMessage, skewMs: number, isSkewed: boolean) {
  const faults: Record<string, number | string> = {}
  if (isSkewed) faults['clockskewms'] = skewMs
  if (typeof position === 'string') faults['positionfault'] = position
  return faults
}

/**
 * Cardata documents carry attributes and devices of their moment, as the original's do; unless
 * the message has members of these names itself.
 */
function addSharedMembers(
  record: Mutable<HistoryRecord>,
  document: JsonObject,
  members: string,
): void {
  if (members === '') return
  if (Object.hasOwn(document, 'attributes') || Object.hasOwn(document, 'devices')) return
  record.members = members
}

/**
 * Above the limit raises. The first reading at or below it clears and is a record too, so that the
 * history tells one life from the next; late readings change only what they should.
 */
function detectOilTemperature(
  entry: VehicleEntry,
  message: CardataMessage,
  limitF: number | undefined,
): HistoryRecord | undefined {
  const { oilTemperatureF: value, stamp } = message
  if (limitF === undefined || value === undefined) return undefined
  if (value <= limitF) {
    entry.coolAt = newest(entry.coolAt, stamp) ?? stamp
    const known = entry.status.anomalies[OIL_TEMPERATURE]
    if (known === undefined || !isActive(known) || !isNewer(stamp, known.raised)) return undefined
    entry.status = clearAnomaly(entry.status, OIL_TEMPERATURE, stamp)
    return anomalyRecord(message, value, false)
  }
  const reading = { score: value - OIL_TEMPERATURE_BASE_F, value }
  entry.status = raiseAnomaly(entry.status, OIL_TEMPERATURE, reading, stamp)
  if (entry.coolAt) entry.status = clearAnomaly(entry.status, OIL_TEMPERATURE, entry.coolAt)
  return anomalyRecord(message, value, true)
}

function anomalyRecord(
  { vin, sentAt, id }: CardataMessage,
  value: number,
  raises: boolean,
): HistoryRecord {
  const time = new Date(sentAt).toISOString()
  const document = JSON.stringify({
    vin,
    messageid: id,
    sendtimestamp: time,
    anomaly_id: `${vin}-${OIL_TEMPERATURE}-${sentAt}`,
    anomaly_type: OIL_TEMPERATURE,
    anomaly_score: value - OIL_TEMPERATURE_BASE_F,
    cleared: !raises,
    value,
    created_at: time,
    identified_at: time,
    updated_at: time,
  })
  return { index: 'anomaly', vin, at: sentAt, id, condition: OIL_TEMPERATURE, raises, document }
}

function applyTrip(message: TripMessage): FleetChange {
  return { history: [record('trip', message, { tripId: message.tripId })] }
}

function applyEvent(message: EventMessage): FleetChange {
  return { history: [record('event', message, {})] }
}

function applyDtc(registry: Registry, message: DtcMessage): FleetChange {
  const { vin, code, raises, stamp } = message
  const entry = registry.vehicle(vin)
  if (code === undefined) {
    entry.status = clearAllTroubleCodes(entry.status, stamp)
  } else {
    requireRoom(entry.status.troubleCodes, [code], 'trouble codes')
    entry.status = reportTroubleCode(entry.status, code, raises, stamp)
  }
  const about = code === undefined ? { raises } : { raises, condition: code }
  return { history: [record('dtc', message, about)], statuses: registry.unstoredStatus(entry) }
}

function applyAnomaly(registry: Registry, message: AnomalyMessage): FleetChange {
  const { vin, type, raises, reading, stamp } = message
  const entry = registry.vehicle(vin)
  requireRoom(entry.status.anomalies, [type], 'anomalies')
  entry.status = raises
    ? raiseAnomaly(entry.status, type, reading, stamp)
    : clearAnomaly(entry.status, type, stamp)
  const about = { raises, condition: type }
  return { history: [record('anomaly', message, about)], statuses: registry.unstoredStatus(entry) }
}

function record(
  index: HistoryRecord['index'],
  { vin, sentAt, id, document }: VehicleMessage,
  about: Pick<HistoryRecord, 'tripId' | 'condition' | 'raises'>,
): HistoryRecord {
  return { index, vin, at: sentAt, id, ...about, document: JSON.stringify(document) }
}

function applyGroupEvent(registry: Registry, message: GroupEventMessage): FleetChange {
  const { vin, attributes, stamp } = message
  const entry = registry.vehicle(vin)
  if (message.event === 'delete') {
    entry.status = deleteVehicle(entry.status, stamp)
  } else {
    requireAttributes(entry.status.attributes, attributes)
    entry.status = patchAttributes(entry.status, attributes, stamp)
  }
  registry.refreshDevices(vin)
  return { history: [], statuses: registry.unstoredStatus(entry) }
}

function applyDeviceEvent(registry: Registry, message: DeviceEventMessage): FleetChange {
  const { deviceId, stamp, installations, parent } = message
  if (message.event === 'delete') {
    const device = deleteDevice(registry.device(deviceId), stamp)
    return collectDeviceChange(registry, deviceId, registry.putDevice(device))
  }
  const { softwareversion, ...attributes } = message.attributes
  const version = softwareversion === undefined ? {} : { softwareVersion: String(softwareversion) }
  const about = parent === undefined ? {} : { parent }
  return applyDevicePatch(
    registry,
    deviceId,
    { attributes, installations, ...version, ...about },
    stamp,
  )
}

function applyDevicePatch(
  registry: Registry,
  deviceId: string,
  patch: DevicePatch,
  stamp: Stamp,
): FleetChange {
  const device = registry.device(deviceId)
  const vins = Object.keys(patch.installations ?? {})
  requireAttributes(device.attributes, patch.attributes ?? {})
  requireRoom(device.installations, vins, 'installations')
  registry.requireRoom(deviceId, vins)
  return collectDeviceChange(
    registry,
    deviceId,
    registry.putDevice(patchDevice(device, patch, stamp)),
  )
}

/** A device changes its own document and the device list of every vehicle it touches. */
function collectDeviceChange(
  registry: Registry,
  deviceId: string,
  vins: ReadonlySet<string>,
): FleetChange {
  const entries = [...vins].map((vin) => registry.refreshDevices(vin))
  return {
    history: [],
    statuses: entries.flatMap((entry) => registry.unstoredStatus(entry)),
    devices: registry.unstoredDevice(deviceId),
  }
}

function requireAttributes(known: Readonly<Record<string, unknown>>, added: JsonObject): void {
  requireRoom(known, Object.keys(added), 'attributes')
  for (const [key, value] of Object.entries(added)) {
    if (JSON.stringify(value).length + key.length > ATTRIBUTE_LENGTH_MAX) {
      throw new Unusable(`attribute "${printable(key)}" is longer than ${ATTRIBUTE_LENGTH_MAX}`)
    }
  }
}

function requireRoom(
  entries: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  what: string,
): void {
  const known = Object.keys(entries).length
  if (known + keys.length <= ENTRIES_MAX) return
  const added = keys.filter((key) => !Object.hasOwn(entries, key)).length
  if (known + added > ENTRIES_MAX) {
    throw new Unusable(`more than ${ENTRIES_MAX} ${what} in one document`)
  }
}
