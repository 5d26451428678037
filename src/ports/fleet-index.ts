import type { BoundingBox } from '../domain/bounding-box.ts'
import type { DeviceStatus } from '../domain/device.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Position } from '../domain/position.ts'
import type { Stamp } from '../domain/stamp.ts'
import type { VehicleStatus, VehicleView } from '../domain/vehicle.ts'
import type { WriteReport } from './write-report.ts'

/** The five append-only indices of the eight. */
export type HistoryIndex = 'cardata' | 'trip' | 'dtc' | 'event' | 'anomaly'

/** Members that an index puts beside those of a document; a vehicle's own of these names lose. */
export const ADDED_MEMBERS = [
  'attributes',
  'devices',
  'trouble_codes',
  'anomalies',
  'fleetgrid',
] as const

/**
 * One entry of a history. Its identity is (index, vin, at, id): all come from the message itself,
 * so the same message always lands in the same place, and twice is once.
 */
export interface HistoryRecord {
  readonly index: HistoryIndex
  readonly vin: string
  /** Raw send time, epoch milliseconds; its UTC day decides where the record is placed. */
  readonly at: number
  readonly id: string
  /** cardata and trip: the trip it belongs to. */
  readonly tripId?: string
  /** dtc: the code; anomaly: the type. */
  readonly condition?: string
  /** dtc, anomaly: whether it raises or clears. An empty code clears all and has no condition. */
  readonly raises?: boolean
  /** cardata: where the vehicle was, if it knew. */
  readonly position?: Position
  /** The document as JSON text, lower-cased keys: serialised once, stored as it is. */
  readonly document: string
  /** True: the document is one line, has its `vin` and none of ADDED_MEMBERS. Otherwise unknown. */
  readonly isPlain?: boolean
  /**
   * Members that the stored document has beside those of `document`, as JSON without braces:
   * `"attributes":{…},"devices":[…]`. Apart, so that the text is shared with the telemetry section.
   */
  readonly members?: string
}

/** The telemetry section of latest_telemetry. Loses against a newer stamp that is stored. */
export interface TelemetrySection {
  readonly vin: string
  readonly stamp: Stamp
  /** JSON text without the static parts; the index joins those in when it is read. */
  readonly document: string
  /** As of a history record. */
  readonly isPlain?: boolean
  /** Section of its own under the same stamp: a message without a good position keeps the last one. */
  readonly position?: Position
}

/**
 * The whole effect of one message. If one part can never be stored, none is. Otherwise it is reported
 * as accepted only when all of it is stored; a crash in between leaves a part, and the message, which
 * nobody acknowledged, comes again and completes it. A change whose first history record was stored
 * before is reported as a duplicate; an index that keeps days apart can miss that at the edges of
 * the retention and of 30 days ahead (ADR 0007).
 */
export interface FleetChange {
  readonly history: readonly HistoryRecord[]
  readonly telemetry?: TelemetrySection
  /**
   * shared_cardata and the joined sections of latest_telemetry. Of one process a lower revision loses
   * against a higher one; with what other processes have stored it is joined (joinStatuses).
   */
  readonly statuses?: readonly VehicleStatus[]
  /** The same (joinDevices). */
  readonly devices?: readonly DeviceStatus[]
}

/** Empty lists and missing fields don't filter. Values within a list are alternatives. */
export interface VehicleFilter {
  /** A vehicle in several boxes counts once. With a box, vehicles without a position don't match. */
  readonly boundaries: readonly BoundingBox[]
  readonly vins: readonly string[]
  readonly makes: readonly string[]
  readonly models: readonly string[]
  readonly modelYears: readonly number[]
  readonly softwareVersion?: string
  readonly troubleCodes: readonly string[]
  readonly anomalies: readonly string[]
}

/** The filter that every vehicle passes. */
export const EVERY_VEHICLE: VehicleFilter = {
  boundaries: [],
  vins: [],
  makes: [],
  models: [],
  modelYears: [],
  troubleCodes: [],
  anomalies: [],
}

export interface Facet {
  readonly id: string
  /** Vehicles that match the filter and have this code or type. */
  readonly count: number
}

export interface Facets {
  /** Complete, most frequent first, then by id. */
  readonly anomalies: readonly Facet[]
  readonly troubleCodes: readonly Facet[]
}

/** A web-mercator tile that holds at least one vehicle. */
export interface Cluster {
  readonly precision: number
  readonly x: number
  readonly y: number
  readonly count: number
  /** The vehicle, where it is the only one. */
  readonly vin?: string
}

export interface AggregateQuery {
  readonly filter: VehicleFilter
  /** Wanted tile precision, 0–29; lowered until at most `maxClusters` remain. Without it: no clusters. */
  readonly precision?: number
  readonly maxClusters: number
  readonly page: Page
}

export interface Page {
  /** 0 for the first page, otherwise `next` of the page before: opaque, stable while data moves. */
  readonly after: number
  readonly limit: number
}

export interface Paged<T> {
  readonly items: readonly T[]
  /** Undefined on the last page. */
  readonly next: number | undefined
}

/** All parts of one answer are of one moment: the clusters' counts add up to `vehicleCount`. */
export interface Aggregate {
  /** Matching vehicles that have a position. */
  readonly vehicleCount: number
  readonly facets: Facets
  readonly clusters: readonly Cluster[]
  readonly vehicles: Paged<VehicleView>
}

/** All parts are of one moment; vehicles arrive in pieces so that nobody has to hold them all. */
export interface FilteredVehicles {
  /** All that match, also beyond the limit. */
  readonly vehicleCount: number
  readonly facets: Facets
  readonly vehicles: AsyncIterable<readonly VehicleView[]>
}

export interface HistoryQuery {
  readonly vin: string
  /** Send time, epoch milliseconds, both inclusive. */
  readonly from?: number
  readonly to?: number
  readonly page: Page
}

/** A trouble code or anomaly type of one vehicle, over its whole life. */
export interface ConditionRecord {
  readonly id: string
  readonly active: boolean
  /** Raises since it was last cleared (of an inactive one: of its last life). */
  readonly count: number
  /** Send times of that life's first and last raise, epoch milliseconds. */
  readonly firstSeenAt: number
  readonly lastSeenAt: number
  readonly clearedAt?: number
}

/** What the registry in memory is rebuilt from at start, in pieces. */
export interface RegistrySnapshot {
  readonly vehicles: readonly {
    readonly status: VehicleStatus
    readonly view: VehicleView
    readonly telemetryStamp?: Stamp
    readonly positionStamp?: Stamp
  }[]
  readonly devices: readonly DeviceStatus[]
}

/** How an index wants to be written to. */
export interface Writing {
  /** Calls of `write` at the same time. */
  readonly concurrency: number
  /** How long a write that isn't full waits for more, where each has a fixed cost. 0: not at all. */
  readonly lingerMs: number
  /** After it a write is found by `readChanges`. */
  readonly visibleAfterMs: number
}

/** The eight indices of the original: devices, shared_cardata, cardata, latest_telemetry, trip, dtc, event, anomaly. */
export interface FleetIndex {
  /**
   * Creates what is missing. Waits for an engine that is still starting, until it is there or
   * `signal` is aborted.
   */
  open(signal?: AbortSignal): Promise<void>
  close(): Promise<void>
  /** Rejects when the index can't serve; the message says what to do. */
  check(): Promise<void>

  readonly writing: Writing
  /** Other processes may write to it too. */
  readonly isShared: boolean

  loadRegistry(): AsyncIterable<RegistrySnapshot>
  /**
   * What this process may not know yet: statuses and devices that other processes have changed since
   * the last call (the first time: since shortly before `open`), and what writes of this process were
   * joined with. Each at least once, devices before the vehicles they are in; also some that are no
   * news. Empty where only one process can write.
   */
  readChanges(): Promise<RegistrySnapshot>
  /** Durable when it resolves. Never rejects for one bad change: the report says so. */
  write(changes: readonly FleetChange[]): Promise<WriteReport>

  aggregateVehicles(query: AggregateQuery): Promise<Aggregate>
  /** VIN descending. */
  filterVehicles(filter: VehicleFilter, limit: number): Promise<FilteredVehicles>
  /** Of the vehicles in the box the one with the lowest VIN. */
  lookupVehicle(boxes: readonly BoundingBox[]): Promise<VehicleView | undefined>
  latestVehicle(vin: string): Promise<VehicleView | undefined>
  /** Newest first by send time. Documents with lower-cased keys. */
  trips(query: HistoryQuery): Promise<Paged<JsonObject>>
  events(query: HistoryQuery): Promise<Paged<JsonObject>>
  troubleCodes(vin: string): Promise<readonly ConditionRecord[]>
  anomalies(vin: string): Promise<readonly ConditionRecord[]>
  /**
   * Every known position of a trip in order of send time, revisited points included; undefined
   * if no telemetry carries this trip. Of an id that several vehicles use, the one that used it
   * last; of one that never ends, its newest ten days.
   */
  route(tripId: string): Promise<readonly Position[] | undefined>

  /**
   * Drops history of whole UTC days before the one of `before`, in small steps; returns how many
   * records. After `signal` no further step.
   */
  dropHistory(before: number, signal?: AbortSignal): Promise<number>
}
