import { setTimeout as pause } from 'node:timers/promises'
import { emptyStatus, type VehicleStatus } from '../../../domain/vehicle.ts'
import { backoffMs } from '../../../lib/backoff.ts'
import type { RegistrySnapshot } from '../../../ports/fleet-index.ts'
import { bePatient } from './be-patient.ts'
import { type BulkItem, describeItem, isDone, isForLater, sendBulk } from './bulk.ts'
import type { EngineClient } from './client.ts'
import type { WriteAliases } from './current-indices.ts'
import { projectionOf } from './latest-writer.ts'
import { readDevice, readLatest, type StoredVehicle, VIEW_MEMBERS } from './read-document.ts'
import { type Hit, searchPages } from './search-pages.ts'
import { KnownVehicle, type VehicleCache } from './vehicle-cache.ts'

const REPAIR_TRIES_MAX = 4
const REPAIR_BACKOFF = { baseMs: 250, maxMs: 2000 }
/** Some 5 MB of what is needed of each. */
const PAGE = 5000

export interface LoadOptions {
  readonly client: EngineClient
  readonly cache: VehicleCache
  readonly sizeMaxBytes: number
  readonly aliases: () => WriteAliases
  /** Projections that stay behind: until the next change of their vehicle, or the next start. */
  readonly onLeftBehind?: (reason: string) => void
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

/** A document as it is stored. */
export type Found = Omit<Hit, 'sort'>

/** Puts what a search found into the cache. */
export function learnVehicles(hits: readonly Found[], cache: VehicleCache): StoredVehicle[] {
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

export function devicesOf(hits: readonly Pick<Found, '_source'>[]): RegistrySnapshot['devices'] {
  return hits.flatMap(({ _source }) => readDevice(_source)?.status ?? [])
}

/** What can't be repaired is no reason not to start: outside users see the vehicle as it was before. */
async function repairProjections(
  options: LoadOptions,
  vehicles: readonly StoredVehicle[],
): Promise<void> {
  const statuses = vehicles.flatMap(({ registers }) => registers.status ?? [])
  if (statuses.length === 0) return
  let behind: readonly VehicleStatus[] = await findBehind(options, statuses)
  let refused = 0
  let reason = ''
  for (let tries = 1; behind.length > 0; tries += 1) {
    const later: VehicleStatus[] = []
    for (const [number, item] of (await project(options, behind)).entries()) {
      const status = behind[number]
      if (status === undefined || isDone(item) || item.status === 409) continue
      reason = describeItem(item)
      if (isForLater(item)) later.push(status)
      else refused += 1
    }
    behind = later
    if (behind.length === 0 || tries === REPAIR_TRIES_MAX) break
    await pause(backoffMs(tries, REPAIR_BACKOFF))
    options.client.requireOpen()
  }
  const count = refused + behind.length
  if (count === 0) return
  const alias = options.aliases().shared
  options.onLeftBehind?.(`${alias} in OpenSearch stays behind for ${count} vehicles: ${reason}`)
}

async function findBehind(
  { client, aliases }: LoadOptions,
  statuses: readonly VehicleStatus[],
): Promise<VehicleStatus[]> {
  type Item = { readonly _id: string; readonly _version?: number }
  const { body } = await bePatient(client, () =>
    client.request<{ docs: readonly Item[] }>({
      method: 'POST',
      path: `/${aliases().shared}/_mget`,
      query: { _source: false, filter_path: 'docs._id,docs._version' },
      body: { ids: statuses.map(({ vin }) => vin) },
    }),
  )
  const versions = new Map(body.docs.map(({ _id, _version }) => [_id, _version ?? -1]))
  return statuses.filter(({ vin, revision }) => (versions.get(vin) ?? -1) < revision)
}

function project(
  { client, aliases, sizeMaxBytes }: LoadOptions,
  statuses: readonly VehicleStatus[],
): Promise<BulkItem[]> {
  const path = `/${aliases().shared}/_bulk`
  const request = { path, requireAlias: true, operations: statuses.map(projectionOf) }
  return sendBulk(client, request, sizeMaxBytes)
}
