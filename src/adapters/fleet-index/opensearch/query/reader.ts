import type { BoundingBox } from '../../../../domain/bounding-box.ts'
import type { JsonObject } from '../../../../domain/json.ts'
import type { Position } from '../../../../domain/position.ts'
import { emptyStatus, type VehicleStatus, type VehicleView } from '../../../../domain/vehicle.ts'
import {
  type Aggregate,
  type AggregateQuery,
  type ConditionRecord,
  EVERY_VEHICLE,
  type FilteredVehicles,
  type HistoryQuery,
  type Paged,
  type VehicleFilter,
} from '../../../../ports/fleet-index.ts'
import { anomalyRecords, troubleCodeRecords } from '../../condition-records.ts'
import type { EngineClient } from '../client.ts'
import type { IndexNames } from '../index-names.ts'
import { fleetgridOf, readLatest, readRegisters, VIEW_MEMBERS } from '../read-document.ts'
import { VehicleAggregator } from './aggregate.ts'
import { filterVehicles } from './filter-vehicles.ts'
import { listHistory, readReports } from './history.ts'
import { readRoute } from './route.ts'
import { Searcher } from './search.ts'
import { vehicleQuery } from './vehicle-query.ts'
import { viewOf } from './view-of.ts'

/**
 * The queries of the fleet index. What is written is found after the index's next refresh; only one
 * vehicle by its VIN is as fresh as the last write.
 */
export class OpenSearchReader {
  readonly #searcher: Searcher
  readonly #names: IndexNames
  readonly #latest: string
  readonly #aggregator: VehicleAggregator

  constructor(client: EngineClient, names: IndexNames) {
    this.#searcher = new Searcher(client)
    this.#names = names
    this.#latest = names.alias('latest_telemetry')
    this.#aggregator = new VehicleAggregator(this.#searcher, this.#latest)
  }

  aggregateVehicles(query: AggregateQuery): Promise<Aggregate> {
    return this.#aggregator.aggregate(query)
  }

  filterVehicles(filter: VehicleFilter, limit: number): Promise<FilteredVehicles> {
    return filterVehicles(this.#searcher, this.#latest, filter, limit)
  }

  async lookupVehicle(boxes: readonly BoundingBox[]): Promise<VehicleView | undefined> {
    if (boxes.length === 0) return undefined
    const { hits } = await this.#searcher.search(
      { alias: this.#latest },
      {
        query: vehicleQuery({ ...EVERY_VEHICLE, boundaries: boxes }, true),
        size: 1,
        sort: [{ 'fleetgrid.vin': 'asc' }],
        track_total_hits: false,
        _source: VIEW_MEMBERS,
      },
    )
    const [hit] = hits.hits
    return hit === undefined ? undefined : viewOf(hit._source)
  }

  async latestVehicle(vin: string): Promise<VehicleView | undefined> {
    const source = await this.#document(vin)
    if (source === undefined || fleetgridOf(source)['hidden'] === true) return undefined
    return readLatest(vin, source).view
  }

  trips(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return listHistory(this.#searcher, this.#names.alias('trip'), query)
  }

  events(query: HistoryQuery): Promise<Paged<JsonObject>> {
    return listHistory(this.#searcher, this.#names.alias('event'), query)
  }

  async troubleCodes(vin: string): Promise<readonly ConditionRecord[]> {
    const [status, reports] = await Promise.all([
      this.#status(vin),
      readReports(this.#searcher, this.#names.alias('dtc'), vin),
    ])
    return troubleCodeRecords(status, reports)
  }

  async anomalies(vin: string): Promise<readonly ConditionRecord[]> {
    const [status, reports] = await Promise.all([
      this.#status(vin),
      readReports(this.#searcher, this.#names.alias('anomaly'), vin),
    ])
    return anomalyRecords(status, reports)
  }

  route(tripId: string): Promise<readonly Position[] | undefined> {
    return readRoute(this.#searcher, this.#names.alias('cardata'), tripId)
  }

  async #status(vin: string): Promise<VehicleStatus> {
    const source = await this.#document(vin)
    return (source && readRegisters(source).status) ?? emptyStatus(vin)
  }

  #document(vin: string): Promise<JsonObject | undefined> {
    return this.#searcher.get<JsonObject>(this.#latest, vin, VIEW_MEMBERS)
  }
}
