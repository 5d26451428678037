import { emptyStatus } from '../../../domain/vehicle.ts'
import type { RegistrySnapshot } from '../../../ports/fleet-index.ts'
import { describeItem, isDone, sendBulk } from './bulk.ts'
import { type EngineClient, EngineError } from './client.ts'
import { projectionOf } from './latest-writer.ts'
import { readDevice, readLatest, type StoredVehicle, VIEW_MEMBERS } from './read-document.ts'
import { type Hit, searchPages } from './search-pages.ts'
import { KnownVehicle, type VehicleCache } from './vehicle-cache.ts'

/** Some 5 MB of what is needed of each. */
const PAGE = 5000

export interface LoadOptions {
  readonly client: EngineClient
  readonly cache: VehicleCache
  readonly sizeMaxBytes: number
  /** Write aliases. */
  readonly aliases: () => {
    readonly latest: string
    readonly shared: string
    readonly devices: string
  }
}

/**
 * Everything that is stored, in pieces; so the first write of each vehicle needs no read. On the way
 * shared_cardata gets what a crash has kept from it.
 */
export async function* loadRegistry(options: LoadOptions): AsyncGenerator<RegistrySnapshot> {
  const { client, cache, aliases } = options
  const devices = { size: PAGE, _source: ['fleetgrid'], sort: ['fleetgrid.order', 'deviceid'] }
  for await (const hits of searchPages(client, aliases().devices, devices)) {
    yield { vehicles: [], devices: devicesOf(hits) }
  }
  const vehicles = {
    size: PAGE,
    _source: VIEW_MEMBERS,
    sort: ['fleetgrid.order', 'fleetgrid.vin'],
  }
  for await (const hits of searchPages(client, aliases().latest, vehicles)) {
    const stored = learnVehicles(hits, cache)
    await repairProjections(options, stored)
    yield { vehicles: stored.map(snapshotOf), devices: [] }
  }
}

/** Puts what a search found into the cache. */
export function learnVehicles(hits: readonly Hit[], cache: VehicleCache): StoredVehicle[] {
  return hits.map(({ _id, _seq_no, _primary_term, _source }) => {
    const stored = readLatest(_id, _source)
    cache.learn(_id, new KnownVehicle(stored.registers, _seq_no, _primary_term))
    return stored
  })
}

export function snapshotOf({
  vin,
  registers,
  view,
}: StoredVehicle): RegistrySnapshot['vehicles'][number] {
  const { telemetry, position, status } = registers
  return {
    status: status ?? emptyStatus(vin),
    view,
    ...(telemetry === undefined ? {} : { telemetryStamp: telemetry }),
    ...(position === undefined ? {} : { positionStamp: position.stamp }),
  }
}

export function devicesOf(hits: readonly Hit[]): RegistrySnapshot['devices'] {
  return hits.flatMap(({ _source }) => readDevice(_source)?.status ?? [])
}

async function repairProjections(
  { client, aliases, sizeMaxBytes }: LoadOptions,
  vehicles: readonly StoredVehicle[],
): Promise<void> {
  const statuses = vehicles.flatMap(({ registers }) => registers.status ?? [])
  if (statuses.length === 0) return
  const alias = aliases().shared
  type Item = { readonly _id: string; readonly _version?: number }
  const { body } = await client.request<{ docs: readonly Item[] }>({
    method: 'POST',
    path: `/${alias}/_mget`,
    query: { _source: false, filter_path: 'docs._id,docs._version' },
    body: { ids: statuses.map(({ vin }) => vin) },
  })
  const versions = new Map(body.docs.map(({ _id, _version }) => [_id, _version ?? -1]))
  const behind = statuses.filter(({ vin, revision }) => (versions.get(vin) ?? -1) < revision)
  const request = {
    path: `/${alias}/_bulk`,
    requireAlias: true,
    operations: behind.map(projectionOf),
  }
  for (const item of await sendBulk(client, request, sizeMaxBytes)) {
    if (!isDone(item) && item.status !== 409) throw new EngineError(describeItem(item))
  }
}
