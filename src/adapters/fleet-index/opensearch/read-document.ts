import type { DeviceStatus } from '../../../domain/device.ts'
import { isJsonObject, type JsonObject } from '../../../domain/json.ts'
import type { Position } from '../../../domain/position.ts'
import { isNewer, type Stamp } from '../../../domain/stamp.ts'
import {
  emptyStatus,
  summarizeTelemetry,
  type VehicleStatus,
  type VehicleView,
  viewVehicle,
} from '../../../domain/vehicle.ts'
import { type PositionRegister, type VehicleRegisters, withoutReserved } from './documents.ts'

/** Members of `_source` that a view or the registers need; for `_source` filters. */
export const VIEW_MEMBERS = [
  'fleetgrid',
  'sendtimestamp',
  'tripid',
  'odometer',
  'fuel',
  'fuelinfo',
  'oiltemp',
  'geolocation.speed',
  'geolocation.heading',
  'speed',
  'ignitionstatus',
] as const

export interface StoredVehicle {
  readonly vin: string
  readonly registers: VehicleRegisters
  readonly view: VehicleView
}

/** What a document of latest_telemetry says; the counterpart of composeLatest. */
export function readLatest(vin: string, source: JsonObject): StoredVehicle {
  const registers = readRegisters(source)
  const status = registers.status ?? emptyStatus(vin)
  const { telemetry, position } = registers
  const isShown = telemetry !== undefined && isNewer(telemetry, status.deleted)
  const place: Position | undefined =
    position !== undefined && isNewer(position.stamp, status.deleted)
      ? { longitude: position.longitude, latitude: position.latitude }
      : undefined
  const summary = isShown ? summarizeTelemetry(source) : undefined
  return { vin, registers, view: viewVehicle(status, summary, place) }
}

/** Our own members of any document. */
export function fleetgridOf({ fleetgrid }: JsonObject): JsonObject {
  return isJsonObject(fleetgrid) ? fleetgrid : {}
}

export function readRegisters(source: JsonObject): VehicleRegisters {
  const own = fleetgridOf(source)
  const status = own['status']
  return {
    telemetry: stampOf(own, 'telemetry'),
    position: positionOf(own),
    status: status === undefined ? undefined : (status as unknown as VehicleStatus),
    writer: typeof own['writer'] === 'string' ? own['writer'] : undefined,
    changedAt: typeof own['changed_at'] === 'number' ? own['changed_at'] : 0,
  }
}

/** The telemetry in a document of latest_telemetry, as text again; undefined if there is none. */
export function telemetryTextOf(source: JsonObject): string | undefined {
  const isThere = stampOf(fleetgridOf(source), 'telemetry') !== undefined
  return isThere ? JSON.stringify(withoutReserved(source)) : undefined
}

export interface StoredDevice {
  readonly status: DeviceStatus
  readonly writer: string | undefined
}

export function readDevice(source: JsonObject): StoredDevice | undefined {
  const own = fleetgridOf(source)
  if (!isJsonObject(own['status'])) return undefined
  const writer = typeof own['writer'] === 'string' ? own['writer'] : undefined
  return { status: own['status'] as unknown as DeviceStatus, writer }
}

/** A history record's document as it came: without our members, with what had to be put aside. */
export function originalDocument(source: JsonObject): JsonObject {
  const { fleetgrid: _, ...document } = source
  const displaced = fleetgridOf(source)['unindexed']
  return isJsonObject(displaced) ? merged(document, displaced) : document
}

function merged(left: JsonObject, right: JsonObject): JsonObject {
  const both = { ...left }
  for (const [name, value] of Object.entries(right)) {
    const known = Object.hasOwn(both, name) ? both[name] : undefined
    both[name] = isJsonObject(known) && isJsonObject(value) ? merged(known, value) : value
  }
  return both
}

function stampOf(own: JsonObject, name: 'telemetry' | 'position'): Stamp | undefined {
  const at = own[`${name}_at`]
  const id = own[`${name}_id`]
  return typeof at === 'number' && typeof id === 'string' ? { at, id } : undefined
}

function positionOf(own: JsonObject): PositionRegister | undefined {
  const stamp = stampOf(own, 'position')
  const place = own['position'] ?? own['last_position']
  if (stamp === undefined || !Array.isArray(place)) return undefined
  const [longitude, latitude] = place
  if (typeof longitude !== 'number' || typeof latitude !== 'number') return undefined
  return { stamp, longitude, latitude }
}
