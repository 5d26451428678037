import type { Json, JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import type { Position } from './position.ts'
import { isNewer, type Register, type Stamp } from './stamp.ts'

/** An ECU as the vehicle's documents show it: `devices[]` of shared_cardata and latest_telemetry. */
export interface VehicleDevice {
  readonly deviceid: string
  readonly softwareversion?: string
}

/**
 * A trouble code or an anomaly has a life: raised, repeated, cleared. Both ends are the newest
 * message that said so, which makes merging independent of the order of arrival.
 */
export interface Condition {
  readonly raised?: Stamp
  readonly cleared?: Stamp
}

export interface AnomalyCondition extends Condition {
  /** Of the newest raise. Score is how far `value` exceeds the rule's base; unit by type. */
  readonly score?: number
  readonly value?: number
}

/**
 * Everything that is known of a vehicle except telemetry: the shared_cardata document, with the
 * stamps that let late messages lose. `revision` grows with each change, so that a write that is
 * retried late never replaces a newer one.
 */
export interface VehicleStatus {
  readonly vin: string
  readonly revision: number
  /** Lower-cased key → value, each with its own stamp: a modify event is a patch. */
  readonly attributes: Readonly<Record<string, Register<Json>>>
  readonly devices: readonly VehicleDevice[]
  readonly troubleCodes: Readonly<Record<string, Condition>>
  /** The newest report of "no trouble codes". */
  readonly allTroubleCodesCleared?: Stamp
  readonly anomalies: Readonly<Record<string, AnomalyCondition>>
  /** A deleted vehicle stays as a tombstone: messages from before it lose. */
  readonly deleted?: Stamp
}

export function emptyStatus(vin: string): VehicleStatus {
  return { vin, revision: 0, attributes: {}, devices: [], troubleCodes: {}, anomalies: {} }
}

export function isActive(condition: Condition, alsoCleared?: Stamp): boolean {
  if (condition.raised === undefined) return false
  return isNewer(condition.raised, condition.cleared) && isNewer(condition.raised, alsoCleared)
}

export function activeTroubleCodes(status: VehicleStatus): string[] {
  return Object.keys(status.troubleCodes)
    .filter((code) => isActive(status.troubleCodes[code] ?? {}, status.allTroubleCodesCleared))
    .sort()
}

export function activeAnomalies(status: VehicleStatus): string[] {
  return Object.keys(status.anomalies)
    .filter((type) => isActive(status.anomalies[type] ?? {}))
    .sort()
}

/**
 * Deleted, and nothing newer is known: queries don't show it. What was older than the deletion has
 * been taken out of the status already; newer telemetry brings the vehicle back.
 */
export function isHidden(status: VehicleStatus, telemetryStamp: Stamp | undefined): boolean {
  if (status.deleted === undefined) return false
  if (telemetryStamp !== undefined && isNewer(telemetryStamp, status.deleted)) return false
  return Object.keys(status.attributes).length === 0 && status.devices.length === 0
}

export function plainAttributes(status: VehicleStatus): JsonObject {
  const plain: JsonObject = {}
  for (const [key, register] of Object.entries(status.attributes)) plain[key] = register.value
  return plain
}

/** Units are the wire's: km, km/h, litre, millilitre, degrees Fahrenheit, degrees. */
export interface TelemetrySummary {
  readonly sentAt: string
  readonly tripId?: string
  readonly odometerKm?: number
  readonly tripOdometerKm?: number
  readonly fuelL?: number
  readonly tripFuelMl?: number
  readonly tankCapacityL?: number
  readonly oilTemperatureF?: number
  readonly speedKmh?: number
  readonly maxSpeedKmh?: number
  readonly averageSpeedKmh?: number
  readonly headingDegrees?: number
  readonly ignition?: string
}

/** A vehicle as queries and the live stream see it; units of the wire until an edge renders it. */
export interface VehicleView {
  readonly vin: string
  readonly make?: string
  readonly model?: string
  readonly modelYear?: number
  readonly color?: string
  readonly telemetry?: TelemetrySummary
  /** The last good position, which can be older than the telemetry. */
  readonly position?: Position
  readonly devices: readonly VehicleDevice[]
  readonly troubleCodes: readonly string[]
  readonly anomalies: readonly string[]
}

export function viewVehicle(
  status: VehicleStatus,
  telemetry: TelemetrySummary | undefined,
  position: Position | undefined,
): VehicleView {
  // Plain assignments: this runs for every message that is stored.
  const view: Mutable<VehicleView> = {
    vin: status.vin,
    devices: status.devices,
    troubleCodes: isEmpty(status.troubleCodes) ? NONE : activeTroubleCodes(status),
    anomalies: isEmpty(status.anomalies) ? NONE : activeAnomalies(status),
  }
  const { make, model, modelyear, colorcode } = status.attributes
  if (typeof make?.value === 'string') view.make = make.value
  if (typeof model?.value === 'string') view.model = model.value
  if (typeof modelyear?.value === 'number') view.modelYear = modelyear.value
  if (typeof colorcode?.value === 'string') view.color = colorcode.value
  if (telemetry !== undefined) view.telemetry = telemetry
  if (position !== undefined) view.position = position
  return view
}

const NONE: readonly string[] = []

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _ in record) return false
  return true
}

/** Picks what queries show out of a lower-cased cardata document; a missing value stays missing. */
export function summarizeTelemetry(document: JsonObject): TelemetrySummary {
  const geolocation = child(document, 'geolocation')
  const speed = child(document, 'speed')
  const odometer = child(document, 'odometer')
  const fuelInfo = child(document, 'fuelinfo')
  // Plain assignments: this runs for every message that is stored.
  const summary: Mutable<TelemetrySummary> = { sentAt: text(document['sendtimestamp']) ?? '' }
  setText(summary, 'tripId', document['tripid'])
  // "metres" holds kilometres: the wire's name, not its unit (reference §1.1).
  setNumber(summary, 'odometerKm', odometer['metres'])
  setNumber(summary, 'tripOdometerKm', odometer['tripodometer'])
  setNumber(summary, 'fuelL', document['fuel'])
  setNumber(summary, 'tripFuelMl', fuelInfo['currenttripconsumption'])
  setNumber(summary, 'tankCapacityL', fuelInfo['tankcapacity'])
  setNumber(summary, 'oilTemperatureF', document['oiltemp'])
  setNumber(summary, 'speedKmh', geolocation['speed'])
  setNumber(summary, 'maxSpeedKmh', speed['max'])
  setNumber(summary, 'averageSpeedKmh', speed['average'])
  setNumber(summary, 'headingDegrees', geolocation['heading'])
  setText(summary, 'ignition', document['ignitionstatus'])
  return summary
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type KeysOf<V> = {
  [K in keyof TelemetrySummary]-?: V extends TelemetrySummary[K] ? K : never
}[keyof TelemetrySummary]

function setNumber(
  summary: Mutable<TelemetrySummary>,
  key: KeysOf<number>,
  value: Json | undefined,
) {
  // JSON can say 1e999, which no answer could repeat.
  if (Number.isFinite(value)) summary[key] = value as number
}

function setText(summary: Mutable<TelemetrySummary>, key: KeysOf<string>, value: Json | undefined) {
  if (typeof value === 'string') summary[key] = value
}

const NOTHING: JsonObject = {}

function child(document: JsonObject, key: string): JsonObject {
  const value = document[key]
  return isJsonObject(value) ? value : NOTHING
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
