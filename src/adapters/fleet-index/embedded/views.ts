import type { DatabaseSync } from 'node:sqlite'
import type { JsonObject } from '../../../domain/json.ts'
import type { Position } from '../../../domain/position.ts'
import { isNewer, type Stamp } from '../../../domain/stamp.ts'
import {
  emptyStatus,
  isHidden,
  summarizeTelemetry,
  type TelemetrySummary,
  type VehicleStatus,
  type VehicleView,
  viewVehicle,
} from '../../../domain/vehicle.ts'

/** Everything stored of one vehicle. */
export interface VehicleRecord {
  readonly number: number
  readonly status: VehicleStatus
  readonly view: VehicleView
  readonly telemetryStamp?: Stamp
  readonly positionStamp?: Stamp
  /** Deleted: no query may show it. */
  readonly hidden: boolean
}

const COLUMNS = `
v.number, v.vin, v.telemetry_at, v.telemetry_id, v.position_at, v.position_id,
v.longitude, v.latitude, v.telemetry, s.document`
const FROM = 'FROM vehicle v LEFT JOIN status s ON s.number = v.number'
const SELECT_BY_NUMBER = `SELECT ${COLUMNS} ${FROM} WHERE v.number = ?`
const SELECT_BY_VIN = `SELECT ${COLUMNS} ${FROM} WHERE v.vin = ?`
const SELECT_AFTER = `SELECT ${COLUMNS} ${FROM} WHERE v.number > ? ORDER BY v.number LIMIT ?`

type Row = [
  number: number,
  vin: string,
  telemetryAt: number | null,
  telemetryId: string | null,
  positionAt: number | null,
  positionId: string | null,
  longitude: number | null,
  latitude: number | null,
  telemetry: string | null,
  status: string | null,
]

export type Views = ReturnType<typeof prepareViews>

export function prepareViews(db: DatabaseSync) {
  const byNumber = db.prepare(SELECT_BY_NUMBER)
  const byVin = db.prepare(SELECT_BY_VIN)
  const after = db.prepare(SELECT_AFTER)
  for (const statement of [byNumber, byVin, after]) statement.setReturnArrays(true)
  return {
    byNumber: (number: number) => readRow(byNumber.get(number) as unknown as Row | undefined),
    byVin: (vin: string) => readRow(byVin.get(vin) as unknown as Row | undefined),
    after(number: number, limit: number): VehicleRecord[] {
      const rows = after.all(number, limit) as unknown as Row[]
      return rows.flatMap((row) => readRow(row) ?? [])
    },
  }
}

function readRow(row: Row | undefined): VehicleRecord | undefined {
  if (row === undefined) return undefined
  const [number, vin, telemetryAt, telemetryId, positionAt, positionId] = row
  const [, , , , , , longitude, latitude, telemetryText, statusText] = row
  const status = statusText === null ? emptyStatus(vin) : (JSON.parse(statusText) as VehicleStatus)
  const telemetryStamp = stampOf(telemetryAt, telemetryId)
  const positionStamp = stampOf(positionAt, positionId)
  const { deleted } = status
  let telemetry: TelemetrySummary | undefined
  if (telemetryText !== null && survives(telemetryStamp, deleted)) {
    telemetry = summarizeTelemetry(JSON.parse(telemetryText) as JsonObject)
  }
  let position: Position | undefined
  if (longitude !== null && latitude !== null && survives(positionStamp, deleted)) {
    position = { longitude, latitude }
  }
  return {
    number,
    status,
    view: viewVehicle(status, telemetry, position),
    ...(telemetryStamp === undefined ? {} : { telemetryStamp }),
    ...(positionStamp === undefined ? {} : { positionStamp }),
    hidden: isHidden(status, telemetryStamp),
  }
}

export function stampOf(at: number | null, id: string | null): Stamp | undefined {
  return at === null || id === null ? undefined : { at, id }
}

/** What a vehicle sent before it was deleted counts no more; what it sent since does. */
export function survives(stamp: Stamp | undefined, deleted: Stamp | undefined): boolean {
  return deleted === undefined || (stamp !== undefined && isNewer(stamp, deleted))
}
