import { mkdir } from 'node:fs/promises'
import type { EmbeddedFleetIndexConfig } from '../../config/adapters.ts'
import type { BoundingBox } from '../../domain/bounding-box.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Position } from '../../domain/position.ts'
import type { VehicleView } from '../../domain/vehicle.ts'
import { WorkerClient } from '../../lib/worker-rpc.ts'
import type {
  Aggregate,
  AggregateQuery,
  ConditionRecord,
  FilteredVehicles,
  FleetChange,
  FleetIndex,
  HistoryQuery,
  Paged,
  RegistrySnapshot,
  VehicleFilter,
} from '../../ports/fleet-index.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { allToRetry, translated, translatedStream } from '../sqlite/translate-errors.ts'
import { unpackClusters } from './embedded/clusters.ts'
import { packChanges } from './embedded/pack-changes.ts'
import type { FilterPiece, FleetReader } from './embedded/reader.ts'
import type { FleetWriter, WriterOptions } from './embedded/writer.ts'

const WHAT = 'The fleet index'
const DAY_MS = 86_400_000

/**
 * The fleet index on one SQLite file of the data folder. One worker thread writes and one reads,
 * so that neither a large query nor a slow disk holds up sockets, and queries don't hold up ingest.
 */
export function createEmbeddedFleetIndex(config: EmbeddedFleetIndexConfig): FleetIndex {
  return new EmbeddedFleetIndex(config)
}

class EmbeddedFleetIndex implements FleetIndex {
  /** One transaction at a time; the next batch gathers meanwhile. */
  readonly writing = { concurrency: 1, lingerMs: 0, visibleAfterMs: 0 }
  readonly isShared = false
  readonly #dataDir: string
  readonly #writer: WorkerClient<FleetWriter>
  readonly #reader: WorkerClient<FleetReader>

  constructor({ dataDir, sizeMaxBytes }: EmbeddedFleetIndexConfig) {
    this.#dataDir = dataDir
    const options: WriterOptions = { dataDir, sizeMaxBytes }
    this.#writer = new WorkerClient(
      new URL('./embedded/writer-worker.ts', import.meta.url),
      options,
    )
    this.#reader = new WorkerClient(new URL('./embedded/reader-worker.ts', import.meta.url), {
      dataDir,
    })
  }

  async open(): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true })
    await translated(WHAT, this.#writer.start())
    try {
      await translated(WHAT, this.#reader.start())
    } catch (error) {
      await this.#writer.close()
      throw error
    }
  }

  /** The writer last: whoever closes last moves the log into the file, and only it can write. */
  async close(): Promise<void> {
    try {
      await translated(WHAT, this.#reader.close())
    } finally {
      await translated(WHAT, this.#writer.close())
    }
  }

  async check(): Promise<void> {
    await translated(WHAT, this.#writer.call('check'))
    await translated(WHAT, this.#reader.call('check'))
  }

  loadRegistry(): AsyncIterable<RegistrySnapshot> {
    return translatedStream(WHAT, this.#reader.stream('registry'))
  }

  /** The data folder belongs to one process. */
  async readChanges(): Promise<RegistrySnapshot> {
    return { vehicles: [], devices: [] }
  }

  write(changes: readonly FleetChange[]): Promise<WriteReport> {
    const report = this.#writer.call('write', packChanges(changes))
    return allToRetry(WHAT, this.#writer, changes.length, report)
  }

  async aggregateVehicles(query: AggregateQuery): Promise<Aggregate> {
    const packed = await translated(WHAT, this.#reader.call('aggregate', query))
    const clusters = packed.clusters === undefined ? [] : unpackClusters(packed.clusters)
    return { ...packed, clusters }
  }

  async filterVehicles(filter: VehicleFilter, limit: number): Promise<FilteredVehicles> {
    const pieces = translatedStream(WHAT, this.#reader.stream('filter', filter, limit))
    const first = await pieces.next()
    if (first.done === true || !('facets' in first.value)) {
      throw new Error('a filter answer must begin with its counts')
    }
    return { ...first.value, vehicles: vehiclesOf(pieces) }
  }

  lookupVehicle(boxes: readonly BoundingBox[]): Promise<VehicleView | undefined> {
    return translated(WHAT, this.#reader.call('lookup', boxes))
  }

  latestVehicle(vin: string): Promise<VehicleView | undefined> {
    return translated(WHAT, this.#reader.call('latest', vin))
  }

  trips(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return translated(WHAT, this.#reader.call('trips', query))
  }

  events(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return translated(WHAT, this.#reader.call('events', query))
  }

  troubleCodes(vin: string): Promise<readonly ConditionRecord[]> {
    return translated(WHAT, this.#reader.call('troubleCodes', vin))
  }

  anomalies(vin: string): Promise<readonly ConditionRecord[]> {
    return translated(WHAT, this.#reader.call('anomalies', vin))
  }

  async route(tripId: string): Promise<readonly Position[] | undefined> {
    const points = await translated(WHAT, this.#reader.call('route', tripId))
    if (points === undefined) return undefined
    return Array.from({ length: points.length / 2 }, (_, index) => ({
      longitude: points[index * 2] ?? 0,
      latitude: points[index * 2 + 1] ?? 0,
    }))
  }

  /** One step is one transaction; writes that wait come in between. */
  async dropHistory(before: number, signal?: AbortSignal): Promise<number> {
    const cutOff = Math.floor(before / DAY_MS) * DAY_MS
    let total = 0
    while (!signal?.aborted) {
      const dropped = await translated(WHAT, this.#writer.call('dropSomeHistory', cutOff))
      if (dropped === 0) break
      total += dropped
    }
    return total
  }
}

async function* vehiclesOf(
  pieces: AsyncIterable<FilterPiece>,
): AsyncGenerator<readonly VehicleView[]> {
  for await (const piece of pieces) {
    if ('vehicles' in piece) yield piece.vehicles
  }
}
