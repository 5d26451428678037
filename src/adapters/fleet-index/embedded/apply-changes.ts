import type { DatabaseSync } from 'node:sqlite'
import type { DeviceStatus } from '../../../domain/device.ts'
import { isNewer } from '../../../domain/stamp.ts'
import type { FleetChange } from '../../../ports/fleet-index.ts'
import { prepareRecordInserter, type RecordInserter } from './insert-record.ts'
import { prepareVehicleStore, type Touched, type VehicleUpdate } from './store-vehicle.ts'

export interface ChangeApplier {
  /** Applies the chosen changes in the caller's transaction; returns which were duplicates. */
  apply(changes: readonly FleetChange[], chosen: readonly number[]): number[]
  /** What was applied last may be gone: a transaction was rolled back or history was dropped. */
  forget(): void
}

interface Effects {
  readonly vehicles: Map<string, VehicleUpdate>
  readonly devices: Map<string, DeviceStatus>
}

export function prepareApplier(db: DatabaseSync): ChangeApplier {
  const records = prepareRecordInserter(db)
  const vehicles = prepareVehicleStore(db)
  const storeDevice = prepareStoreDevice(db)
  const logChange = prepareLogChange(db)
  return {
    apply(changes, chosen) {
      const duplicates: number[] = []
      const effects: Effects = { vehicles: new Map(), devices: new Map() }
      for (const index of chosen) {
        const one = changes[index]
        if (one === undefined) continue
        if (insertHistory(one, records)) collect(one, effects)
        else duplicates.push(index)
      }
      const touched: Touched = { vehicles: [], statuses: [] }
      for (const [vin, update] of effects.vehicles) vehicles.store(vin, update, touched)
      for (const device of effects.devices.values()) storeDevice(device)
      if (touched.vehicles.length > 0) logChange(touched)
      return duplicates
    },
    forget() {
      records.forget()
      vehicles.forget()
    },
  }
}

/** False if the first record is stored already: then the whole change is. */
function insertHistory({ history }: FleetChange, records: RecordInserter): boolean {
  let first = true
  for (const record of history) {
    const isNew = records.insert(record)
    if (first && !isNew) return false
    first = false
  }
  return true
}

function collect(change: FleetChange, { vehicles, devices }: Effects): void {
  const { telemetry } = change
  if (telemetry !== undefined) {
    const update = updateOf(vehicles, telemetry.vin)
    const { stamp, position } = telemetry
    if (isNewer(stamp, update.telemetry?.stamp)) update.telemetry = telemetry
    if (position !== undefined && isNewer(stamp, update.position?.stamp)) {
      update.position = { stamp, value: position }
    }
  }
  for (const status of change.statuses ?? []) {
    const update = updateOf(vehicles, status.vin)
    if (status.revision >= (update.status?.revision ?? 0)) update.status = status
  }
  for (const device of change.devices ?? []) {
    if (device.revision >= (devices.get(device.deviceid)?.revision ?? 0)) {
      devices.set(device.deviceid, device)
    }
  }
}

function updateOf(vehicles: Map<string, VehicleUpdate>, vin: string): VehicleUpdate {
  let update = vehicles.get(vin)
  if (update === undefined) {
    update = {}
    vehicles.set(vin, update)
  }
  return update
}

const LOG_CHANGE = 'INSERT INTO change (vehicles, statuses) VALUES (?, ?)'
const FORGET_CHANGES = 'DELETE FROM change WHERE number <= ?'
/** A reader that is further behind reads all vehicles anew. */
const CHANGES_KEPT = 1000

function prepareLogChange(db: DatabaseSync) {
  const insert = db.prepare(LOG_CHANGE)
  const forget = db.prepare(FORGET_CHANGES)
  return ({ vehicles, statuses }: Touched): void => {
    const { lastInsertRowid } = insert.run(Int32Array.from(vehicles), Int32Array.from(statuses))
    forget.run(Number(lastInsertRowid) - CHANGES_KEPT)
  }
}

const PUT_DEVICE = `
INSERT INTO device (id, revision, document) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, document = excluded.document
WHERE excluded.revision >= device.revision`

function prepareStoreDevice(db: DatabaseSync) {
  const put = db.prepare(PUT_DEVICE)
  return (device: DeviceStatus): void => {
    put.run(device.deviceid, device.revision, JSON.stringify(device))
  }
}
