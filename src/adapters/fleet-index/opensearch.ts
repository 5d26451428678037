import { setTimeout as pause } from 'node:timers/promises'
import type { OpenSearchFleetIndexConfig } from '../../config/adapters.ts'
import type { BoundingBox } from '../../domain/bounding-box.ts'
import { FleetgridError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Position } from '../../domain/position.ts'
import type { VehicleView } from '../../domain/vehicle.ts'
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
  Writing,
} from '../../ports/fleet-index.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { bootstrap } from './opensearch/bootstrap.ts'
import { ChangeWriter } from './opensearch/change-writer.ts'
import { EngineClient, isPassing } from './opensearch/client.ts'
import { CurrentIndexNames } from './opensearch/current-indices.ts'
import { dropHistory } from './opensearch/drop-history.ts'
import { CURRENT_INDICES, IndexNames } from './opensearch/index-names.ts'
import { loadRegistry } from './opensearch/load-registry.ts'
import { MAPPING_VERSION } from './opensearch/mappings.ts'
import { OpenSearchReader } from './opensearch/query/reader.ts'
import { ChangeReader } from './opensearch/read-changes.ts'
import { requireOpenSearch } from './opensearch/require-opensearch.ts'
import { VehicleCache } from './opensearch/vehicle-cache.ts'

/** How long an engine that is still starting is waited for. */
const OPEN_TIMEOUT_MS = 60_000
const OPEN_RETRY_MS = 1000
/** A write to OpenSearch costs the same whether it brings ten documents or a thousand. */
const LINGER_MS = 25
/** A refresh takes some time itself. */
const REFRESH_TAKES_MS = 200

export interface OpenSearchFleetIndexOptions {
  /** Unique among processes, also among restarts of one. */
  readonly instance: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** The engine isn't there yet, called about once a second until it is. */
  readonly onWaiting?: (reason: string) => void
  /** Documents for outside users that couldn't be mended at the start. */
  readonly onLeftBehind?: (reason: string) => void
  readonly openTimeoutMs?: number
  /** For tests of upgrades. */
  readonly mappingVersion?: number
}

/** The fleet index on OpenSearch; several processes may write at once (ADR 0007). */
export function createOpenSearchFleetIndex(
  config: OpenSearchFleetIndexConfig,
  options: OpenSearchFleetIndexOptions,
): FleetIndex {
  return new OpenSearchFleetIndex(config, options)
}

class OpenSearchFleetIndex implements FleetIndex {
  readonly writing: Writing
  readonly isShared = true
  readonly #config: OpenSearchFleetIndexConfig
  readonly #options: OpenSearchFleetIndexOptions
  readonly #client: EngineClient
  readonly #names: IndexNames
  readonly #cache: VehicleCache
  readonly #current: CurrentIndexNames
  readonly #reader: OpenSearchReader
  readonly #writer: ChangeWriter
  #changes: ChangeReader | undefined

  constructor(config: OpenSearchFleetIndexConfig, options: OpenSearchFleetIndexOptions) {
    const { instance, now } = options
    this.writing = {
      concurrency: config.bulkConcurrency,
      lingerMs: LINGER_MS,
      visibleAfterMs: config.refreshIntervalMs + REFRESH_TAKES_MS,
    }
    this.#config = config
    this.#options = options
    const client = new EngineClient(config)
    const names = new IndexNames(config)
    const cache = new VehicleCache(config.vehiclesMax)
    const current = new CurrentIndexNames(names, {
      bootstrap: () => this.#bootstrap(),
      client,
      onChange: () => cache.clear(),
    })
    this.#client = client
    this.#names = names
    this.#cache = cache
    this.#current = current
    this.#reader = new OpenSearchReader(client, names)
    const sizeMaxBytes = config.bulkSizeMaxBytes
    this.#writer = new ChangeWriter({ client, names, cache, current, sizeMaxBytes, instance, now })
  }

  /** @throws FleetgridError with advice when OpenSearch isn't there within a minute, or refuses */
  async open(signal?: AbortSignal): Promise<void> {
    const { now, instance, onWaiting, openTimeoutMs = OPEN_TIMEOUT_MS } = this.#options
    await this.#client.open()
    const giveUpAt = performance.now() + openTimeoutMs
    while (true) {
      try {
        await requireOpenSearch(this.#client)
        this.#current.set(await this.#bootstrap())
        break
      } catch (error) {
        if (!isPassing(error) || performance.now() > giveUpAt || signal?.aborted) {
          await this.#client.close()
          throw error
        }
        onWaiting?.(error.message)
        // Aborted meanwhile: the next attempt is the last.
        await pause(OPEN_RETRY_MS, undefined, signal && { signal }).catch(() => undefined)
      }
    }
    this.#changes = new ChangeReader({
      ...{ client: this.#client, cache: this.#cache, instance, now },
      refreshIntervalMs: this.#config.refreshIntervalMs,
      requestTimeoutMs: this.#config.requestTimeoutMs,
      names: {
        latest: this.#names.alias('latest_telemetry'),
        devices: this.#names.alias('devices'),
      },
    })
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async check(): Promise<void> {
    await this.#requireIndices()
    this.#writer.check()
  }

  loadRegistry(): AsyncIterable<RegistrySnapshot> {
    const { onLeftBehind } = this.#options
    return loadRegistry({
      ...{ client: this.#client, cache: this.#cache },
      sizeMaxBytes: this.#config.bulkSizeMaxBytes,
      aliases: () => this.#current.writeAliases(),
      ...(onLeftBehind === undefined ? {} : { onLeftBehind }),
    })
  }

  async readChanges(): Promise<RegistrySnapshot> {
    if (this.#changes === undefined) {
      throw new FleetgridError('unavailable', 'The fleet index is not open.')
    }
    return this.#changes.read()
  }

  write(changes: readonly FleetChange[]): Promise<WriteReport> {
    return this.#writer.write(changes)
  }

  aggregateVehicles(query: AggregateQuery): Promise<Aggregate> {
    return this.#reader.aggregateVehicles(query)
  }

  filterVehicles(filter: VehicleFilter, limit: number): Promise<FilteredVehicles> {
    return this.#reader.filterVehicles(filter, limit)
  }

  lookupVehicle(boxes: readonly BoundingBox[]): Promise<VehicleView | undefined> {
    return this.#reader.lookupVehicle(boxes)
  }

  latestVehicle(vin: string): Promise<VehicleView | undefined> {
    return this.#reader.latestVehicle(vin)
  }

  trips(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return this.#reader.trips(query)
  }

  events(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return this.#reader.events(query)
  }

  troubleCodes(vin: string): Promise<readonly ConditionRecord[]> {
    return this.#reader.troubleCodes(vin)
  }

  anomalies(vin: string): Promise<readonly ConditionRecord[]> {
    return this.#reader.anomalies(vin)
  }

  route(tripId: string): Promise<readonly Position[] | undefined> {
    return this.#reader.route(tripId)
  }

  dropHistory(before: number, signal?: AbortSignal): Promise<number> {
    const { now } = this.#options
    return dropHistory({ client: this.#client, names: this.#names, now, signal }, before)
  }

  #bootstrap() {
    const { mappingVersion = MAPPING_VERSION } = this.#options
    return bootstrap({
      ...{ client: this.#client, names: this.#names },
      config: this.#config,
      mappingVersion,
    })
  }

  async #requireIndices(): Promise<void> {
    const aliases = CURRENT_INDICES.map((index) => this.#names.alias(index)).join(',')
    const { status: found } = await this.#client.request({
      method: 'HEAD',
      path: `/_alias/${aliases}`,
      expect: [404],
    })
    if (found === 404) {
      const message = `OpenSearch has lost one of the aliases ${aliases}: restart Fleetgrid, which creates them, or restore a snapshot.`
      throw new FleetgridError('unavailable', message)
    }
    const { body } = await this.#client.request<{ status: string }>({
      method: 'GET',
      path: `/_cluster/health/${aliases}`,
      query: { filter_path: 'status' },
      expect: [408],
    })
    if (body.status === 'red') {
      const message = `A shard of ${aliases} in OpenSearch is not available: look at its nodes (GET _cluster/allocation/explain).`
      throw new FleetgridError('unavailable', message)
    }
  }
}
