import type { DeviceStatus } from '../domain/device.ts'
import { currentInstallation, emptyDevice } from '../domain/device-merge.ts'
import { joinDevices, joinStatuses } from '../domain/join-statuses.ts'
import type { Position } from '../domain/position.ts'
import { isNewer, newest, type Stamp } from '../domain/stamp.ts'
import {
  emptyStatus,
  isActive,
  isHidden,
  plainAttributes,
  type TelemetrySummary,
  type VehicleDevice,
  type VehicleStatus,
  type VehicleView,
  viewVehicle,
} from '../domain/vehicle.ts'
import { clearAnomaly, replaceDevices } from '../domain/vehicle-merge.ts'
import type { FleetChange, RegistrySnapshot } from '../ports/fleet-index.ts'
import { Unusable } from './decode-payload.ts'

/** What is kept of one vehicle in memory. */
export interface VehicleEntry {
  status: VehicleStatus
  /** Revision that is known to be stored; a higher one in `status` still has to be written. */
  storedRevision: number
  telemetry?: { readonly stamp: Stamp; readonly summary: TelemetrySummary }
  position?: { readonly stamp: Stamp; readonly position: Position }
  /** Newest reading at or below the oil temperature limit. */
  coolAt?: Stamp
  /** Static parts as JSON members for cardata documents; made anew when the status changes. */
  sharedJson?: { readonly revision: number; readonly members: string }
}

/** What one message does: to the index, and to the fleet in memory once that is durable. */
export interface Applied {
  readonly change: FleetChange
  /** Of cardata that is not older than its vehicle's deletion: what the live map will show. */
  readonly visible?:
    | { readonly entry: VehicleEntry; readonly summary: TelemetrySummary }
    | undefined
}

/** The anomaly that is found in telemetry itself. */
export const OIL_TEMPERATURE = 'OilTemp'

const NO_STATUS: readonly VehicleStatus[] = []

/** Devices that were ever installed in one vehicle. */
const DEVICES_PER_VEHICLE_MAX = 200

export interface RegistryOptions {
  readonly vehiclesMax: number
  readonly devicesMax: number
  readonly oilTemperatureLimitF: number | undefined
}

/**
 * The fleet in memory, so that no message costs a read: every vehicle's status and what the live
 * map shows of it, and every device. Loaded at start, changed by the handlers only.
 */
export class Registry {
  readonly #vehicles = new Map<string, VehicleEntry>()
  readonly #devices = new Map<string, { status: DeviceStatus; storedRevision: number }>()
  /** VIN → devices that were ever installed there; filtered when read. */
  readonly #installed = new Map<string, Set<string>>()
  /** Device → its components. */
  readonly #components = new Map<string, Set<string>>()
  /** Keys of joins that may have to be stored. */
  readonly #unstored = new Set<string>()
  readonly #vehiclesMax: number
  readonly #devicesMax: number
  readonly #oilTemperatureLimitF: number | undefined

  constructor(options: RegistryOptions) {
    this.#vehiclesMax = options.vehiclesMax
    this.#devicesMax = options.devicesMax
    this.#oilTemperatureLimitF = options.oilTemperatureLimitF
  }

  get size(): number {
    return this.#vehicles.size
  }

  load(snapshot: RegistrySnapshot): void {
    for (const { status, view, telemetryStamp, positionStamp } of snapshot.vehicles) {
      const { telemetry, position } = view
      this.#vehicles.set(status.vin, {
        status,
        storedRevision: status.revision,
        ...(telemetry && telemetryStamp
          ? { telemetry: { stamp: telemetryStamp, summary: telemetry } }
          : {}),
        ...(position && positionStamp ? { position: { stamp: positionStamp, position } } : {}),
        ...(telemetryStamp && this.#isCool(telemetry) ? { coolAt: telemetryStamp } : {}),
      })
    }
    for (const device of snapshot.devices) {
      this.#devices.set(device.deviceid, { status: device, storedRevision: device.revision })
      this.#link(device)
    }
  }

  /**
   * Takes in what other processes have stored; returns the vehicles that look different now. Joins
   * that nobody has stored yet are left for `takeUnstored`: where both sides knew something, or where
   * a vehicle's list of devices lacks one.
   */
  learn(snapshot: RegistrySnapshot): VehicleEntry[] {
    const touched = new Set<VehicleEntry>()
    for (const stored of snapshot.devices) {
      const known = this.#devices.get(stored.deviceid)
      if (known?.storedRevision === stored.revision) continue
      const status = known === undefined ? stored : joinDevices(known.status, stored)
      for (const vin of this.putDevice(status))
        touched.add(this.#vehicles.get(vin) ?? this.#add(vin))
      if (isSame(status, stored)) this.#noteStoredDevice(status)
      else this.#unstored.add(deviceKey(stored.deviceid))
    }
    for (const vehicle of snapshot.vehicles) {
      const { vin } = vehicle.status
      const entry = this.#vehicles.get(vin) ?? this.#add(vin)
      if (this.#learnVehicle(entry, vehicle)) touched.add(entry)
    }
    for (const entry of touched) this.#complete(entry)
    return [...touched]
  }

  #learnVehicle(entry: VehicleEntry, vehicle: RegistrySnapshot['vehicles'][number]): boolean {
    const { status: stored, view, telemetryStamp, positionStamp } = vehicle
    let isNews = false
    if (view.telemetry && telemetryStamp && isNewer(telemetryStamp, entry.telemetry?.stamp)) {
      entry.telemetry = { stamp: telemetryStamp, summary: view.telemetry }
      if (this.#isCool(view.telemetry))
        entry.coolAt = newest(entry.coolAt, telemetryStamp) ?? telemetryStamp
      isNews = true
    }
    if (view.position && positionStamp && isNewer(positionStamp, entry.position?.stamp)) {
      entry.position = { stamp: positionStamp, position: view.position }
      isNews = true
    }
    if (entry.storedRevision === stored.revision) return isNews
    const before = entry.status
    entry.status = before.revision === 0 ? stored : joinStatuses(before, stored)
    if (isSame(entry.status, stored)) entry.storedRevision = entry.status.revision
    return isNews || entry.status !== before || entry.status.revision > entry.storedRevision
  }

  /** After the last `load`: what a crash left behind. */
  settle(): void {
    for (const entry of this.#vehicles.values()) this.#complete(entry)
  }

  /** What follows from everything that is known together: the list of devices, an anomaly's end. */
  #complete(entry: VehicleEntry): void {
    const { vin, deleted } = entry.status
    if (this.#installed.has(vin)) {
      entry.status = replaceDevices(entry.status, this.#devicesIn(vin, deleted))
    }
    const anomaly = entry.status.anomalies[OIL_TEMPERATURE]
    if (anomaly && entry.coolAt && isActive(anomaly) && isNewer(entry.coolAt, anomaly.raised)) {
      entry.status = clearAnomaly(entry.status, OIL_TEMPERATURE, entry.coolAt)
    }
    if (entry.status.revision > entry.storedRevision) this.#unstored.add(vehicleKey(vin))
  }

  /** Some of the joins that are not known to be stored. They are named again until they are. */
  takeUnstored(max: number): FleetChange[] {
    const changes: FleetChange[] = []
    let unseen = this.#unstored.size
    for (const key of this.#unstored) {
      if (unseen === 0 || changes.length >= max) break
      unseen -= 1
      const change = this.#unstoredChange(key)
      // Behind the others: each gets its turn.
      this.#unstored.delete(key)
      if (change === undefined) continue
      this.#unstored.add(key)
      changes.push(change)
    }
    return changes
  }

  #unstoredChange(key: string): FleetChange | undefined {
    const id = key.slice(1)
    if (key === deviceKey(id)) {
      const devices = this.unstoredDevice(id)
      return devices.length === 0 ? undefined : { history: [], devices }
    }
    const entry = this.#vehicles.get(id)
    const statuses = entry === undefined ? [] : this.unstoredStatus(entry)
    return statuses.length === 0 ? undefined : { history: [], statuses }
  }

  /** @throws Unusable when the fleet is full */
  vehicle(vin: string): VehicleEntry {
    const known = this.#vehicles.get(vin)
    if (known !== undefined) return known
    this.#requirePlace(vin)
    return this.#add(vin)
  }

  /** What is stored has its place already, whatever the limit. */
  #add(vin: string): VehicleEntry {
    const entry: VehicleEntry = { status: emptyStatus(vin), storedRevision: 0 }
    this.#vehicles.set(vin, entry)
    return entry
  }

  #requirePlace(vin: string): void {
    if (this.#vehicles.size < this.#vehiclesMax || this.#vehicles.has(vin)) return
    throw new Unusable(`unknown vehicle, and the fleet is full (VEHICLES_MAX=${this.#vehiclesMax})`)
  }

  device(deviceid: string): DeviceStatus {
    return this.#devices.get(deviceid)?.status ?? emptyDevice(deviceid)
  }

  /** @throws Unusable when a device, or the vehicles it is installed in, have no room */
  requireRoom(deviceid: string, vins: readonly string[]): void {
    if (!this.#devices.has(deviceid) && this.#devices.size >= this.#devicesMax) {
      throw new Unusable(`unknown device, and the fleet is full (DEVICES_MAX=${this.#devicesMax})`)
    }
    for (const vin of vins) {
      this.#requirePlace(vin)
      const installed = this.#installed.get(vin)
      if (installed === undefined || installed.has(deviceid)) continue
      if (installed.size >= DEVICES_PER_VEHICLE_MAX) {
        throw new Unusable(`more than ${DEVICES_PER_VEHICLE_MAX} devices in vehicle ${vin}`)
      }
    }
  }

  /** Takes a changed device in and returns the vehicles whose device list it can change. */
  putDevice(device: DeviceStatus): Set<string> {
    const known = this.#devices.get(device.deviceid)
    const touched = new Set(known === undefined ? [] : this.#placesOf(known.status))
    this.#devices.set(device.deviceid, {
      status: device,
      storedRevision: known?.storedRevision ?? 0,
    })
    this.#link(device)
    for (const vin of this.#placesOf(device)) touched.add(vin)
    return touched
  }

  /** Recomputes `devices` of a vehicle's status from the devices that are installed in it. */
  refreshDevices(vin: string): VehicleEntry {
    const entry = this.vehicle(vin)
    entry.status = replaceDevices(entry.status, this.#devicesIn(vin, entry.status.deleted))
    return entry
  }

  /** The status, if this process has not seen it stored yet. */
  unstoredStatus(entry: VehicleEntry): readonly VehicleStatus[] {
    return entry.status.revision > entry.storedRevision ? [entry.status] : NO_STATUS
  }

  unstoredDevice(deviceid: string): DeviceStatus[] {
    const known = this.#devices.get(deviceid)
    return known !== undefined && known.status.revision > known.storedRevision ? [known.status] : []
  }

  /** A change is durable: telemetry becomes visible here too. Adds the vehicles that changed. */
  noteStored(applied: Applied, changed: Set<VehicleEntry>): void {
    const { change } = applied
    for (const status of change.statuses ?? []) {
      const entry = this.vehicle(status.vin)
      entry.storedRevision = Math.max(entry.storedRevision, status.revision)
    }
    for (const device of change.devices ?? []) this.#noteStoredDevice(device)
    this.noteVisible(applied, changed)
  }

  #noteStoredDevice({ deviceid, revision }: DeviceStatus): void {
    const known = this.#devices.get(deviceid)
    if (known) known.storedRevision = Math.max(known.storedRevision, revision)
  }

  /** The same where the index had the change already: what it shows may be news to this process. */
  noteVisible({ change, visible }: Applied, changed: Set<VehicleEntry>): void {
    for (const { vin } of change.statuses ?? []) changed.add(this.vehicle(vin))
    if (change.telemetry === undefined || visible === undefined) return
    const { stamp, position } = change.telemetry
    const { entry, summary } = visible
    if (position !== undefined && isNewer(stamp, entry.position?.stamp)) {
      entry.position = { stamp, position }
    }
    if (isNewer(stamp, entry.telemetry?.stamp)) entry.telemetry = { stamp, summary }
    changed.add(entry)
  }

  /** As the live stream shows it; undefined when it is deleted. */
  view(vin: string): VehicleView | undefined {
    const entry = this.#vehicles.get(vin)
    return entry && viewEntry(entry)
  }

  /** `"attributes":{…},"devices":[…]`, without braces; empty when nothing is known. */
  sharedMembers(entry: VehicleEntry): string {
    const { status } = entry
    if (status.revision === 0) return ''
    if (entry.sharedJson?.revision !== status.revision) {
      const json = JSON.stringify({
        attributes: plainAttributes(status),
        devices: status.devices,
      })
      entry.sharedJson = { revision: status.revision, members: json.slice(1, -1) }
    }
    return entry.sharedJson.members
  }

  #isCool(summary: TelemetrySummary | undefined): boolean {
    const { oilTemperatureF = Number.POSITIVE_INFINITY } = summary ?? {}
    return oilTemperatureF <= (this.#oilTemperatureLimitF ?? 0)
  }

  #link(device: DeviceStatus): void {
    for (const vin of Object.keys(device.installations))
      addTo(this.#installed, vin, device.deviceid)
    if (device.parent !== undefined) {
      addTo(this.#components, device.parent.value, device.deviceid)
    }
  }

  /** Every vehicle where this device, or the device it is part of, is or was installed. */
  #placesOf(device: DeviceStatus): string[] {
    const parent =
      device.parent === undefined ? undefined : this.#devices.get(device.parent.value)?.status
    return [...Object.keys(device.installations), ...Object.keys(parent?.installations ?? {})]
  }

  #devicesIn(vin: string, deleted: Stamp | undefined): VehicleDevice[] {
    const candidates = new Set<string>()
    for (const id of this.#installed.get(vin) ?? []) {
      candidates.add(id)
      for (const component of this.#components.get(id) ?? []) candidates.add(component)
    }
    const devices: VehicleDevice[] = []
    for (const id of [...candidates].sort()) {
      const device = this.#devices.get(id)?.status
      const place = device && this.#placeOf(device)
      if (device === undefined || place?.vin !== vin || !isNewer(place.stamp, deleted)) continue
      const version = device.softwareVersion?.value
      devices.push({ deviceid: id, ...(version === undefined ? {} : { softwareversion: version }) })
    }
    return devices
  }

  /** A component without an installation of its own is where its parent is. */
  #placeOf(device: DeviceStatus): { readonly vin: string; readonly stamp: Stamp } | undefined {
    const own = currentInstallation(device)
    if (own !== undefined || device.parent === undefined) return own
    const parent = this.#devices.get(device.parent.value)?.status
    return parent === undefined ? undefined : currentInstallation(parent)
  }
}

/** As the live stream shows it; undefined when it is deleted. */
export function viewEntry(entry: VehicleEntry): VehicleView | undefined {
  if (isHidden(entry.status, entry.telemetry?.stamp)) return undefined
  const since = entry.status.deleted
  const telemetry =
    entry.telemetry && isNewer(entry.telemetry.stamp, since) ? entry.telemetry : undefined
  const position =
    entry.position && isNewer(entry.position.stamp, since) ? entry.position : undefined
  return viewVehicle(entry.status, telemetry?.summary, position?.position)
}

function vehicleKey(vin: string): string {
  return `v${vin}`
}

function deviceKey(deviceid: string): string {
  return `d${deviceid}`
}

/** A join is the very object, or has a revision of its own. */
function isSame<T extends { readonly revision: number }>(joined: T, stored: T): boolean {
  return joined === stored || joined.revision === stored.revision
}

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key)
  if (ids === undefined) index.set(key, new Set([id]))
  else ids.add(id)
}
