import type { DatabaseSync } from 'node:sqlite'
import type { Position } from '../../../domain/position.ts'
import { isNewer, type Stamp } from '../../../domain/stamp.ts'
import type { VehicleStatus } from '../../../domain/vehicle.ts'
import type { TelemetrySection } from '../../../ports/fleet-index.ts'
import { stampOf } from './views.ts'

/** The newest of each register that a batch brings for one vehicle. */
export interface VehicleUpdate {
  telemetry?: TelemetrySection
  position?: { readonly stamp: Stamp; readonly value: Position }
  status?: VehicleStatus
}

/** Numbers of the vehicles whose row changed, and of those whose status did. */
export interface Touched {
  readonly vehicles: number[]
  readonly statuses: number[]
}

export interface VehicleStore {
  store(vin: string, update: VehicleUpdate, touched: Touched): void
  /** A transaction was rolled back. */
  forget(): void
}

const SELECT_REGISTERS = `
SELECT number, telemetry_at, telemetry_id, position_at, position_id, revision
FROM vehicle WHERE vin = ?`
const INSERT_VEHICLE = 'INSERT INTO vehicle (vin) VALUES (?)'
const UPDATE_BOTH = `
UPDATE vehicle SET telemetry_at = ?, telemetry_id = ?, telemetry = ?,
  position_at = ?, position_id = ?, longitude = ?, latitude = ? WHERE number = ?`
const UPDATE_TELEMETRY = `
UPDATE vehicle SET telemetry_at = ?, telemetry_id = ?, telemetry = ? WHERE number = ?`
const UPDATE_POSITION = `
UPDATE vehicle SET position_at = ?, position_id = ?, longitude = ?, latitude = ?
WHERE number = ?`
const UPDATE_STATUS =
  'UPDATE vehicle SET revision = ?, deleted_at = ?, deleted_id = ? WHERE number = ?'
const PUT_STATUS = `
INSERT INTO status (number, document) VALUES (?, ?)
ON CONFLICT (number) DO UPDATE SET document = excluded.document`

type RegisterRow = [
  number: number,
  telemetryAt: number | null,
  telemetryId: string | null,
  positionAt: number | null,
  positionId: string | null,
  revision: number | null,
]

/** What is stored of a vehicle, as far as it decides whether something newer came. */
interface Registers {
  readonly number: number
  telemetry: Stamp | undefined
  position: Stamp | undefined
  revision: number
}

/** Vehicles whose registers are remembered, so that most messages need no read; some 25 MB. */
const VEHICLES_REMEMBERED_MAX = 100_000

/** Stamps are compared here and not in SQL: both must order ids alike, also beyond ASCII. */
export function prepareVehicleStore(db: DatabaseSync): VehicleStore {
  const updateTelemetry = prepareUpdateTelemetry(db)
  const updateStatus = db.prepare(UPDATE_STATUS)
  const putStatus = db.prepare(PUT_STATUS)
  const readRegisters = prepareReadRegisters(db)
  const remembered = new Map<string, Registers>()

  function registersOf(vin: string): Registers {
    let registers = remembered.get(vin)
    if (registers === undefined) {
      registers = readRegisters(vin)
      if (remembered.size >= VEHICLES_REMEMBERED_MAX) remembered.clear()
      remembered.set(vin, registers)
    }
    return registers
  }

  return {
    store(vin, { telemetry, position, status }, touched) {
      const registers = registersOf(vin)
      const { number } = registers
      const isTouched = updateTelemetry(
        registers,
        telemetry !== undefined && isNewer(telemetry.stamp, registers.telemetry)
          ? telemetry
          : undefined,
        position !== undefined && isNewer(position.stamp, registers.position)
          ? position
          : undefined,
      )
      const isStatusNew = status !== undefined && status.revision >= registers.revision
      if (isStatusNew) {
        const { deleted, revision } = status
        updateStatus.run(revision, deleted?.at ?? null, deleted?.id ?? null, number)
        putStatus.run(number, JSON.stringify(status))
        registers.revision = revision
        touched.statuses.push(number)
      }
      if (isTouched || isStatusNew) touched.vehicles.push(number)
    },
    forget: () => remembered.clear(),
  }
}

function prepareReadRegisters(db: DatabaseSync): (vin: string) => Registers {
  const select = db.prepare(SELECT_REGISTERS)
  select.setReturnArrays(true)
  const insert = db.prepare(INSERT_VEHICLE)
  return (vin) => {
    const row = select.get(vin) as unknown as RegisterRow | undefined
    if (row === undefined) {
      const number = Number(insert.run(vin).lastInsertRowid)
      return { number, telemetry: undefined, position: undefined, revision: 0 }
    }
    const [number, telemetryAt, telemetryId, positionAt, positionId, revision] = row
    return {
      number,
      telemetry: stampOf(telemetryAt, telemetryId),
      position: stampOf(positionAt, positionId),
      revision: revision ?? 0,
    }
  }
}

/** Writes what is given, remembers its stamps; false if there was nothing. */
function prepareUpdateTelemetry(db: DatabaseSync) {
  const updateBoth = db.prepare(UPDATE_BOTH)
  const updateTelemetry = db.prepare(UPDATE_TELEMETRY)
  const updatePosition = db.prepare(UPDATE_POSITION)
  return (
    registers: Registers,
    telemetry: VehicleUpdate['telemetry'],
    position: VehicleUpdate['position'],
  ): boolean => {
    const { number } = registers
    if (telemetry !== undefined && position !== undefined) {
      const { stamp, document } = telemetry
      const { stamp: seen, value } = position
      const { longitude, latitude } = value
      updateBoth.run(stamp.at, stamp.id, document, seen.at, seen.id, longitude, latitude, number)
    } else if (telemetry !== undefined) {
      updateTelemetry.run(telemetry.stamp.at, telemetry.stamp.id, telemetry.document, number)
    } else if (position !== undefined) {
      const { stamp, value } = position
      updatePosition.run(stamp.at, stamp.id, value.longitude, value.latitude, number)
    } else {
      return false
    }
    registers.telemetry = telemetry?.stamp ?? registers.telemetry
    registers.position = position?.stamp ?? registers.position
    return true
  }
}
