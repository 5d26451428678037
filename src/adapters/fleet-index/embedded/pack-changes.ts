import type { DeviceStatus } from '../../../domain/device.ts'
import type { Position } from '../../../domain/position.ts'
import type { VehicleStatus } from '../../../domain/vehicle.ts'
import type {
  FleetChange,
  HistoryIndex,
  HistoryRecord,
  TelemetrySection,
} from '../../../ports/fleet-index.ts'

/**
 * Changes as one flat list of values. Cloning objects to another thread writes every key of every
 * object and costs both threads several times as much; the thread that sends serves the sockets.
 */
export type PackedChanges = readonly unknown[]

export function packChanges(changes: readonly FleetChange[]): PackedChanges {
  const values: unknown[] = []
  for (const { history, telemetry, statuses, devices } of changes) {
    values.push(history.length, telemetry !== undefined, statuses, devices)
    for (const record of history) {
      const { index, vin, at, id, tripId, condition, raises, position, document } = record
      values.push(index, vin, at, id, tripId, condition, raises, record.members)
      values.push(position?.longitude, position?.latitude, document)
    }
    if (telemetry !== undefined) {
      const { vin, stamp, position } = telemetry
      // Mostly the text of the record before it, and the text is nearly all there is to copy.
      const document = telemetry.document === history[0]?.document ? undefined : telemetry.document
      values.push(vin, stamp.at, stamp.id, document, position?.longitude, position?.latitude)
    }
  }
  return values
}

export function unpackChanges(values: PackedChanges): FleetChange[] {
  const changes: FleetChange[] = []
  let next = 0
  const take = <T>(): T => {
    next += 1
    return values[next - 1] as T
  }
  while (next < values.length) {
    const records = take<number>()
    const hasTelemetry = take<boolean>()
    const statuses = take<readonly VehicleStatus[] | undefined>()
    const devices = take<readonly DeviceStatus[] | undefined>()
    const history: HistoryRecord[] = []
    for (let count = 0; count < records; count += 1) history.push(takeRecord(take))
    changes.push({
      history,
      ...(hasTelemetry ? { telemetry: takeTelemetry(take, history[0]) } : {}),
      ...(statuses === undefined ? {} : { statuses }),
      ...(devices === undefined ? {} : { devices }),
    })
  }
  return changes
}

type Take = <T>() => T

// Absent values travel as undefined and are left out, as the port has them.
function takeRecord(take: Take): HistoryRecord {
  const index = take<HistoryIndex>()
  const vin = take<string>()
  const at = take<number>()
  const id = take<string>()
  const tripId = take<string | undefined>()
  const condition = take<string | undefined>()
  const raises = take<boolean | undefined>()
  const members = take<string | undefined>()
  const position = takePosition(take)
  return {
    index,
    vin,
    at,
    id,
    ...(tripId === undefined ? {} : { tripId }),
    ...(condition === undefined ? {} : { condition }),
    ...(raises === undefined ? {} : { raises }),
    ...(members === undefined ? {} : { members }),
    ...(position === undefined ? {} : { position }),
    document: take<string>(),
  }
}

function takeTelemetry(take: Take, record: HistoryRecord | undefined): TelemetrySection {
  const vin = take<string>()
  const stamp = { at: take<number>(), id: take<string>() }
  const document = take<string | undefined>() ?? record?.document ?? ''
  const position = takePosition(take)
  return { vin, stamp, document, ...(position === undefined ? {} : { position }) }
}

function takePosition(take: Take): Position | undefined {
  const longitude = take<number | undefined>()
  const latitude = take<number | undefined>()
  return longitude === undefined || latitude === undefined ? undefined : { longitude, latitude }
}
