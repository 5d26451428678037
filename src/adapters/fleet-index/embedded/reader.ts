import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { BoundingBox } from '../../../domain/bounding-box.ts'
import type { DeviceStatus } from '../../../domain/device.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { emptyStatus, type VehicleView } from '../../../domain/vehicle.ts'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import type {
  Aggregate,
  AggregateQuery,
  ConditionRecord,
  Facets,
  HistoryQuery,
  Page,
  Paged,
  RegistrySnapshot,
  VehicleFilter,
} from '../../../ports/fleet-index.ts'
import { EVERY_VEHICLE } from '../../../ports/fleet-index.ts'
import { openForReading, transact } from '../../sqlite/open-database.ts'
import { anomalyRecords, troubleCodeRecords } from '../condition-records.ts'
import { groupByTile, type PackedClusters } from './clusters.ts'
import { VehicleColumns } from './columns.ts'
import { type History, prepareHistory } from './history.ts'
import { countFacets, matchVehicles } from './match.ts'
import { FLEET_INDEX_FILE } from './schema.ts'
import { prepareViews, type VehicleRecord, type Views } from './views.ts'

/** Vehicles or devices in one piece of a stream. */
const PIECE_MAX = 500

export type PackedAggregate = Omit<Aggregate, 'clusters'> & {
  readonly clusters: PackedClusters | undefined
}

/** First the counts, then the vehicles. */
export type FilterPiece =
  | { readonly vehicleCount: number; readonly facets: Facets }
  | { readonly vehicles: readonly VehicleView[] }

interface Connection {
  readonly db: DatabaseSync
  readonly views: Views
}

/**
 * Answers queries from connections that only read; lives in a worker thread of its own. The
 * second connection is for long answers: it holds its moment while others are answered between.
 */
export class FleetReader implements HostedService {
  readonly #dataDir: string
  readonly #columns = new VehicleColumns()
  #main: (Connection & { readonly history: History }) | undefined
  #long: Connection | undefined
  #longQueue: Promise<unknown> = Promise.resolve()

  constructor({ dataDir }: { readonly dataDir: string }) {
    this.#dataDir = dataDir
  }

  open(): void {
    const path = join(this.#dataDir, FLEET_INDEX_FILE)
    const db = openForReading(path)
    const long = openForReading(path)
    this.#main = { db, views: prepareViews(db), history: prepareHistory(db) }
    this.#long = { db: long, views: prepareViews(long) }
    this.#read(() => this.#columns.refresh(db))
  }

  close(): void {
    this.#main?.db.close()
    this.#long?.db.close()
  }

  check(): void {
    this.#read(() =>
      this.#connection().history.list('trip', {
        vin: '',
        page: { after: 0, limit: 1 },
      }),
    )
  }

  aggregate(query: AggregateQuery): PackedAggregate {
    const { filter, precision, maxClusters, page } = query
    return this.#read(() => {
      this.#columns.refresh(this.#connection().db)
      const matches = matchVehicles(this.#columns, filter, true)
      return {
        vehicleCount: matches.length,
        facets: countFacets(this.#columns, matches),
        clusters:
          precision === undefined
            ? undefined
            : groupByTile(this.#columns, matches, precision, maxClusters),
        vehicles: this.#viewPage(matches, page),
      }
    })
  }

  /** Collected at one moment, but in pieces, so that short queries are answered in between. */
  async *filter(filter: VehicleFilter, limit: number): AsyncGenerator<FilterPiece> {
    const previous = this.#longQueue
    const collecting = previous.then(() => this.#collect(filter, limit))
    this.#longQueue = collecting.catch(() => undefined)
    const { vehicleCount, facets, pieces } = await collecting
    yield { vehicleCount, facets }
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      yield { vehicles: piece }
    }
  }

  async #collect(filter: VehicleFilter, limit: number) {
    const { db, views } = this.#long ?? notOpen()
    db.exec('BEGIN')
    try {
      this.#columns.refresh(db)
      const matches = matchVehicles(this.#columns, filter, false)
      const facets = countFacets(this.#columns, matches)
      const numbers = this.#lastByVin(matches, limit)
      const pieces: VehicleView[][] = []
      for (let start = 0; start < numbers.length; start += PIECE_MAX) {
        const piece = numbers.slice(start, start + PIECE_MAX)
        pieces.push(piece.flatMap((number) => views.byNumber(number)?.view ?? []))
        await setImmediate()
      }
      return { vehicleCount: matches.length, facets, pieces }
    } finally {
      db.exec('ROLLBACK')
    }
  }

  /** The `limit` highest VINs, descending. */
  #lastByVin(matches: readonly number[], limit: number): number[] {
    const isMatch = new Uint8Array(this.#columns.last + 1)
    for (const number of matches) isMatch[number] = 1
    const order = this.#columns.inVinOrder()
    const numbers: number[] = []
    for (let index = order.length - 1; index >= 0 && numbers.length < limit; index -= 1) {
      const number = order[index] ?? 0
      if (isMatch[number] === 1) numbers.push(number)
    }
    return numbers
  }

  lookup(boxes: readonly BoundingBox[]): VehicleView | undefined {
    return this.#read(() => {
      const { db, views } = this.#connection()
      this.#columns.refresh(db)
      const { vins } = this.#columns
      let lowest: number | undefined
      if (boxes.length === 0) return undefined
      for (const number of matchVehicles(
        this.#columns,
        { ...EVERY_VEHICLE, boundaries: boxes },
        true,
      )) {
        if (lowest === undefined || (vins[number] ?? '') < (vins[lowest] ?? '')) lowest = number
      }
      return lowest === undefined ? undefined : views.byNumber(lowest)?.view
    })
  }

  latest(vin: string): VehicleView | undefined {
    const record = this.#record(vin)
    return record === undefined || record.hidden ? undefined : record.view
  }

  trips(query: HistoryQuery): Paged<JsonObject> {
    return this.#read(() => this.#connection().history.list('trip', query))
  }

  events(query: HistoryQuery): Paged<JsonObject> {
    return this.#read(() => this.#connection().history.list('event', query))
  }

  troubleCodes(vin: string): ConditionRecord[] {
    return this.#read(() => {
      const { views, history } = this.#connection()
      const status = views.byVin(vin)?.status ?? emptyStatus(vin)
      return troubleCodeRecords(status, history.reports('dtc', vin))
    })
  }

  anomalies(vin: string): ConditionRecord[] {
    return this.#read(() => {
      const { views, history } = this.#connection()
      const status = views.byVin(vin)?.status ?? emptyStatus(vin)
      return anomalyRecords(status, history.reports('anomaly', vin))
    })
  }

  route(tripId: string): Float64Array | undefined {
    return this.#read(() => this.#connection().history.route(tripId))
  }

  *registry(): Generator<RegistrySnapshot> {
    const { db, views } = this.#connection()
    let last = 0
    while (true) {
      const records = views.after(last, PIECE_MAX)
      if (records.length === 0) break
      last = records.at(-1)?.number ?? last
      yield { vehicles: records.map(registryVehicle), devices: [] }
    }
    const after = db.prepare('SELECT id, document FROM device WHERE id > ? ORDER BY id LIMIT ?')
    let lastId = ''
    while (true) {
      const rows = after.all(lastId, PIECE_MAX)
      if (rows.length === 0) break
      lastId = String(rows.at(-1)?.['id'])
      const devices = rows.map((row) => JSON.parse(String(row['document'])) as DeviceStatus)
      yield { vehicles: [], devices }
    }
  }

  #viewPage(matches: readonly number[], { after, limit }: Page): Paged<VehicleView> {
    let start = 0
    while (start < matches.length && (matches[start] ?? 0) <= after) start += 1
    const numbers = matches.slice(start, start + limit)
    const { views } = this.#connection()
    return {
      items: numbers.flatMap((number) => views.byNumber(number)?.view ?? []),
      next: start + limit < matches.length ? numbers.at(-1) : undefined,
    }
  }

  #record(vin: string): VehicleRecord | undefined {
    return this.#read(() => this.#connection().views.byVin(vin))
  }

  #read<T>(work: () => T): T {
    return transact(this.#connection().db, 'BEGIN', work)
  }

  #connection() {
    return this.#main ?? notOpen()
  }
}

function registryVehicle(record: VehicleRecord): RegistrySnapshot['vehicles'][number] {
  const { status, view, telemetryStamp, positionStamp } = record
  return {
    status,
    view,
    ...(telemetryStamp === undefined ? {} : { telemetryStamp }),
    ...(positionStamp === undefined ? {} : { positionStamp }),
  }
}

function notOpen(): never {
  throw Object.assign(new Error('The fleet index is not open.'), { code: 'unavailable' })
}
