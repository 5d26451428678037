import type { Position } from '../../src/domain/position.ts'
import { isNewer, type Stamp } from '../../src/domain/stamp.ts'
import { emptyStatus, type VehicleStatus, type VehicleView } from '../../src/domain/vehicle.ts'
import type {
  FleetChange,
  FleetIndex,
  HistoryIndex,
  VehicleFilter,
} from '../../src/ports/fleet-index.ts'

/** A Friday; all times of the suite count from here. */
export const START = Date.parse('2026-11-20T12:00:00Z')
export const HERE: Position = { longitude: 11.5, latitude: 48.1 }

export const FIRST_PAGE = { after: 0, limit: 1000 }

export function vinOf(number: number): string {
  return `5AZTEST${String(number).padStart(6, '0')}`
}

export function stamp(at: number, id = 'm'): Stamp {
  return { at: START + at, id }
}

interface TelemetryOptions {
  readonly id?: string
  readonly position?: Position | undefined
  readonly tripId?: string
  readonly odometerKm?: number
}

/** One cardata message, sent `at` milliseconds after START, with its history record. */
export function telemetry(vin: string, at: number, options: TelemetryOptions = {}): FleetChange {
  const { id = `${vin}-${at}`, position, tripId, odometerKm = at } = options
  const document = JSON.stringify({
    sendtimestamp: new Date(START + at).toISOString(),
    vin,
    odometer: { metres: odometerKm },
    ...(tripId === undefined ? {} : { tripid: tripId }),
  })
  const place = position === undefined ? {} : { position }
  const trip = tripId === undefined ? {} : { tripId }
  return {
    history: [{ index: 'cardata', vin, at: START + at, id, ...trip, ...place, document }],
    telemetry: { vin, stamp: { at: START + at, id }, document, ...place },
  }
}

export interface Traits {
  readonly revision?: number
  readonly make?: string
  readonly model?: string
  readonly modelYear?: number
  readonly softwareVersions?: readonly string[]
  readonly troubleCodes?: readonly string[]
  readonly anomalies?: readonly string[]
  readonly deleted?: Stamp
}

export function status(vin: string, traits: Traits = {}): VehicleStatus {
  const { make, model, modelYear, softwareVersions = [], deleted, revision = 1 } = traits
  const at = stamp(0, 'status')
  const attributes: Record<string, { value: string | number; stamp: Stamp }> = {}
  if (make !== undefined) attributes['make'] = { value: make, stamp: at }
  if (model !== undefined) attributes['model'] = { value: model, stamp: at }
  if (modelYear !== undefined) attributes['modelyear'] = { value: modelYear, stamp: at }
  const raised = (ids: readonly string[] = []) =>
    Object.fromEntries(ids.map((id) => [id, { raised: at }]))
  return {
    ...emptyStatus(vin),
    revision,
    attributes,
    devices: softwareVersions.map((softwareversion, number) => ({
      deviceid: `${vin.toLowerCase()}-ecu-${number}`,
      softwareversion,
    })),
    troubleCodes: raised(traits.troubleCodes),
    anomalies: raised(traits.anomalies),
    ...(deleted === undefined ? {} : { deleted }),
  }
}

export function withStatus(change: FleetChange, ...statuses: VehicleStatus[]): FleetChange {
  return { ...change, statuses }
}

export function record(index: HistoryIndex, vin: string, at: number, id: string): FleetChange {
  const document = JSON.stringify({ vin, messageid: id, sendtimestamp: START + at })
  return { history: [{ index, vin, at: START + at, id, document }] }
}

interface Report {
  readonly at: number
  readonly code?: string
  readonly raises: boolean
}

/** What ingest makes of trouble code messages: the history, and the merged status beside it. */
export function troubleCodeChanges(vin: string, reports: readonly Report[]): FleetChange[] {
  let current = emptyStatus(vin)
  return reports.map(({ at, code, raises }) => {
    const time = stamp(at, `dtc-${at}`)
    const { allTroubleCodesCleared, troubleCodes } = current
    const revision = current.revision + 1
    if (code === undefined) {
      const isLast = isNewer(time, allTroubleCodesCleared)
      current = { ...current, revision, ...(isLast ? { allTroubleCodesCleared: time } : {}) }
    } else {
      const before = troubleCodes[code] ?? {}
      const end = raises ? 'raised' : 'cleared'
      const after = isNewer(time, before[end]) ? { ...before, [end]: time } : before
      current = { ...current, revision, troubleCodes: { ...troubleCodes, [code]: after } }
    }
    const about = code === undefined ? {} : { condition: code }
    const entry = { index: 'dtc', vin, at: time.at, id: time.id, raises, ...about } as const
    return { history: [{ ...entry, document: '{}' }], statuses: [current] }
  })
}

export async function filtered(index: FleetIndex, filter: VehicleFilter, limit = 10_000) {
  const { vehicleCount, facets, vehicles } = await index.filterVehicles(filter, limit)
  const views: VehicleView[] = []
  for await (const piece of vehicles) views.push(...piece)
  return { vehicleCount, facets, views, vins: views.map(({ vin }) => vin) }
}

export async function pagedVins(index: FleetIndex, filter: VehicleFilter, limit: number) {
  const vins: string[] = []
  let after: number | undefined = 0
  while (after !== undefined) {
    const { vehicles } = await index.aggregateVehicles({
      filter,
      maxClusters: 100,
      page: { after, limit },
    })
    vins.push(...vehicles.items.map(({ vin }) => vin))
    after = vehicles.next
  }
  return vins
}

export async function loadedRegistry(index: FleetIndex) {
  const vehicles = []
  const devices = []
  for await (const snapshot of index.loadRegistry()) {
    vehicles.push(...snapshot.vehicles)
    devices.push(...snapshot.devices)
  }
  return { vehicles, devices }
}
