import { joinStatuses } from '../../../domain/join-statuses.ts'
import type { Position } from '../../../domain/position.ts'
import { isNewer, type Stamp } from '../../../domain/stamp.ts'
import type { VehicleStatus } from '../../../domain/vehicle.ts'
import type { FleetChange, TelemetrySection } from '../../../ports/fleet-index.ts'
import { emptyRegisters, type PositionRegister, type VehicleRegisters } from './documents.ts'

/** In place of an instance's name: a status that no single instance knew before it was stored. */
export const SEVERAL = '*'

/** The newest of each register that some changes bring for one vehicle. */
export interface VehicleUpdate {
  telemetry: TelemetrySection | undefined
  position: PositionRegister | undefined
  status: VehicleStatus | undefined
}

/** Adds what a change says of vehicles. */
export function collectUpdates(change: FleetChange, updates: Map<string, VehicleUpdate>): void {
  const { telemetry, statuses } = change
  if (telemetry !== undefined) {
    const { vin, stamp, position } = telemetry
    addUpdate(updates, vin, {
      telemetry,
      position: position === undefined ? undefined : registerOf(stamp, position),
      status: undefined,
    })
  }
  if (statuses === undefined) return
  for (const status of statuses) {
    addUpdate(updates, status.vin, { telemetry: undefined, position: undefined, status })
  }
}

function registerOf(stamp: Stamp, { longitude, latitude }: Position): PositionRegister {
  return { stamp, longitude, latitude }
}

/** The update may be kept and changed. */
export function addUpdate(
  updates: Map<string, VehicleUpdate>,
  vin: string,
  update: VehicleUpdate,
): void {
  const known = updates.get(vin)
  if (known === undefined) {
    updates.set(vin, update)
    return
  }
  const { telemetry, position, status } = update
  if (telemetry !== undefined && isNewer(telemetry.stamp, known.telemetry?.stamp)) {
    known.telemetry = telemetry
  }
  if (position !== undefined && isNewer(position.stamp, known.position?.stamp)) {
    known.position = position
  }
  // Of one process a higher revision knows all that a lower one does.
  if (status !== undefined && status.revision >= (known.status?.revision ?? 0)) {
    known.status = status
  }
}

export interface Author {
  /** Of this process. */
  readonly instance: string
  /** Its clock, epoch milliseconds. */
  readonly now: number
}

/**
 * The registers after an update, or undefined if it brings nothing new: the rules of ADR 0001,
 * whoever has written what is known.
 */
export function applyUpdate(
  known: VehicleRegisters | undefined,
  update: VehicleUpdate,
  author: Author,
): VehicleRegisters | undefined {
  const before = known ?? NOTHING
  const { telemetry, position, status } = update
  const isTelemetryNew = telemetry !== undefined && isNewer(telemetry.stamp, before.telemetry)
  const isPositionNew = position !== undefined && isNewer(position.stamp, before.position?.stamp)
  const owned = status === undefined ? undefined : takeStatus(before, status, author)
  if (!isTelemetryNew && !isPositionNew && owned === undefined) return undefined
  return {
    telemetry: isTelemetryNew ? telemetry.stamp : before.telemetry,
    position: isPositionNew ? position : before.position,
    status: owned === undefined ? before.status : owned.status,
    writer: owned === undefined ? before.writer : owned.writer,
    changedAt: owned === undefined ? before.changedAt : author.now,
  }
}

const NOTHING = emptyRegisters()

interface OwnedStatus {
  readonly status: VehicleStatus
  readonly writer: string
}

function takeStatus(
  { status: stored, writer }: VehicleRegisters,
  status: VehicleStatus,
  { instance }: Author,
): OwnedStatus | undefined {
  if (stored === undefined) return { status, writer: instance }
  if (writer === instance) {
    return status.revision > stored.revision ? { status, writer: instance } : undefined
  }
  const joined = joinStatuses(stored, status)
  if (joined === stored) return undefined
  return { status: joined, writer: joined === status ? instance : SEVERAL }
}
