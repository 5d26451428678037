import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Position } from '../../src/domain/position.ts'
import type { Stamp } from '../../src/domain/stamp.ts'
import {
  emptyStatus,
  summarizeTelemetry,
  type VehicleStatus,
  type VehicleView,
  viewVehicle,
} from '../../src/domain/vehicle.ts'
import type { FleetChange, HistoryRecord } from '../../src/ports/fleet-index.ts'

export interface TestVehicle {
  readonly vin: string
  readonly at?: number
  /** [longitude, latitude] */
  readonly position?: readonly [number, number]
  readonly make?: string
  readonly model?: string
  readonly year?: number
  readonly color?: string
  readonly devices?: readonly { deviceid: string; softwareversion?: string }[]
  readonly troubleCodes?: readonly string[]
  readonly anomalies?: readonly string[]
  /** With lower-cased keys; null for a vehicle that has not sent any. */
  readonly telemetry?: JsonObject | null
  readonly revision?: number
}

/** 2020-11-04T16:28:39.768Z */
export const THEN = 1_604_507_319_768

const READING: JsonObject = {
  geolocation: { heading: 63.425551562335784, speed: 61.252 },
  speed: { max: 61.252, average: 0 },
  odometer: { metres: 66_790.71 },
  fuel: 0.2652,
  oiltemp: 310.2099,
}

/** One vehicle's whole state, as ingest would write it. */
export function vehicleChange(vehicle: TestVehicle): FleetChange {
  const stamp = stampOf(vehicle)
  const telemetry = documentOf(vehicle)
  const position = positionOf(vehicle)
  return {
    history: [],
    statuses: [statusOf(vehicle)],
    ...(telemetry === undefined
      ? {}
      : {
          telemetry: {
            vin: vehicle.vin,
            stamp,
            document: JSON.stringify(telemetry),
            ...(position === undefined ? {} : { position }),
          },
        }),
  }
}

/** The same as the live stream gets it. */
export function vehicleView(vehicle: TestVehicle): VehicleView {
  const telemetry = documentOf(vehicle)
  const summary = telemetry === undefined ? undefined : summarizeTelemetry(telemetry)
  return viewVehicle(statusOf(vehicle), summary, positionOf(vehicle))
}

export function tripRecord(
  vin: string,
  at: number,
  document: JsonObject,
  tripId = 'trip',
): FleetChange {
  return { history: [record('trip', vin, at, document, { tripId })] }
}

export function eventRecord(vin: string, at: number, document: JsonObject): FleetChange {
  return { history: [record('event', vin, at, document, {})] }
}

export function readingRecord(
  vin: string,
  at: number,
  tripId: string,
  position?: Position,
): FleetChange {
  const known = position === undefined ? {} : { position }
  return { history: [record('cardata', vin, at, { vin }, { tripId, ...known })] }
}

export function conditionRecord(
  index: 'dtc' | 'anomaly',
  vin: string,
  at: number,
  condition: string,
  raises: boolean,
): FleetChange {
  return { history: [record(index, vin, at, { vin }, { condition, raises })] }
}

function record(
  index: HistoryRecord['index'],
  vin: string,
  at: number,
  document: JsonObject,
  more: Partial<HistoryRecord>,
): HistoryRecord {
  const id = `${vin}-${at}-${JSON.stringify(more)}`
  return { index, vin, at, id, document: JSON.stringify(document), ...more }
}

function stampOf({ at = THEN, vin }: TestVehicle): Stamp {
  return { at, id: `${vin}-${at}` }
}

function documentOf(vehicle: TestVehicle): JsonObject | undefined {
  const { telemetry = READING, vin, at = THEN } = vehicle
  if (telemetry === null) return undefined
  return { ...telemetry, vin, sendtimestamp: new Date(at).toISOString() }
}

function positionOf({ position }: TestVehicle): Position | undefined {
  if (position === undefined) return undefined
  const [longitude, latitude] = position
  return { longitude, latitude }
}

function statusOf(vehicle: TestVehicle): VehicleStatus {
  const stamp = stampOf(vehicle)
  const { vin, make, model, year, color, revision = 1 } = vehicle
  const { devices = [], troubleCodes = [], anomalies = [] } = vehicle
  const given: Record<string, Json | undefined> = { make, model, modelyear: year, colorcode: color }
  const attributes = Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, { value, stamp }] as const],
  )
  const raised = (ids: readonly string[]) =>
    Object.fromEntries(ids.map((id) => [id, { raised: stamp }]))
  return {
    ...emptyStatus(vin),
    revision,
    attributes: Object.fromEntries(attributes),
    devices,
    troubleCodes: raised(troubleCodes),
    anomalies: raised(anomalies),
  }
}
