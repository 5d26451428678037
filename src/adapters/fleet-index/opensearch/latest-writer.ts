import type { VehicleStatus } from '../../../domain/vehicle.ts'
import { type BulkItem, type Failure, failureOfItem, isDone, isForLater, sendBulk } from './bulk.ts'
import { type BulkBody, IdleBodies } from './bulk-body.ts'
import { type EngineClient, EngineError } from './client.ts'
import type { WriteAliases } from './current-indices.ts'
import {
  composeLatestPieces,
  composeShared,
  type TextState,
  type VehicleRegisters,
} from './documents.ts'
import { type ReadVehicle, readVehicles } from './read-vehicles.ts'
import { KnownVehicle, type VehicleCache } from './vehicle-cache.ts'
import { applyUpdate, type VehicleUpdate } from './vehicle-update.ts'

/** Other instances would have to be faster this many times in a row. */
const ROUNDS_MAX = 8

export interface LatestWriterOptions {
  readonly client: EngineClient
  readonly cache: VehicleCache
  readonly sizeMaxBytes: number
  readonly instance: string
  readonly now: () => number
  /** Write aliases, as they are now. */
  readonly aliases: () => WriteAliases
  /** An alias was not there: finds out what is now. */
  readonly onMissing: () => Promise<void>
}

interface Operation {
  readonly vin: string
  readonly update: VehicleUpdate
  readonly known: KnownVehicle | undefined
  readonly next: VehicleRegisters
  /** Of the telemetry, if there is any. */
  readonly text: string | undefined
  readonly textState: TextState
}

/** What one call has found out and what is left of it. */
interface Progress {
  /** Documents that were read in full. */
  readonly read: Map<string, ReadVehicle>
  /** Vehicles whose telemetry holds something that the mapping can't take. */
  readonly unfit: Set<string>
  readonly failures: Map<string, Failure>
  /** To be read, then tried again. */
  toRead: Map<string, VehicleUpdate>
}

/**
 * Writes whole documents of latest_telemetry, each on the condition that the stored one still is
 * the one it was made from. If it isn't, the stored one is read and the update joined with that: the
 * rules of merging are the domain's, whichever instance writes (ADR 0007).
 */
export class LatestWriter {
  readonly #options: LatestWriterOptions
  readonly #bodies = new IdleBodies()

  constructor(options: LatestWriterOptions) {
    this.#options = options
  }

  /** Never two calls with the same vehicle at once. Vehicles that are not named are stored. */
  async write(updates: ReadonlyMap<string, VehicleUpdate>): Promise<Map<string, Failure>> {
    const failures = new Map<string, Failure>()
    const progress: Progress = { read: new Map(), unfit: new Set(), failures, toRead: new Map() }
    let open = updates
    for (let round = 0; open.size > 0 && round < ROUNDS_MAX; round += 1) {
      progress.toRead = new Map()
      await this.#send(this.#plan(open, progress), progress)
      await this.#read(progress)
      open = progress.toRead
    }
    for (const vin of open.keys()) failures.set(vin, { kind: 'retry', reason: CONTENDED })
    await this.#project(updates, failures)
    return failures
  }

  /** What can be written with what is known; the rest has to be read first. */
  #plan(open: ReadonlyMap<string, VehicleUpdate>, progress: Progress): Operation[] {
    const { cache, instance, now } = this.#options
    const { read, unfit, toRead } = progress
    const author = { instance, now: now() }
    const operations: Operation[] = []
    for (const [vin, update] of open) {
      const known = cache.get(vin)
      const next = applyUpdate(known, update, author)
      if (next === undefined) continue
      let text = update.telemetry?.document
      let isPlain = update.telemetry?.isPlain
      if (next.telemetry === known?.telemetry) {
        const stored = read.get(vin)
        if (known?.telemetry !== undefined && stored?.known !== known) {
          toRead.set(vin, update)
          continue
        }
        text = stored?.text
        isPlain = false
      }
      const textState = unfit.has(vin) ? 'unfit' : isPlain ? 'plain' : 'unknown'
      operations.push({ vin, update, known, next, text, textState })
    }
    return operations
  }

  async #send(operations: readonly Operation[], progress: Progress): Promise<void> {
    const { client, sizeMaxBytes, aliases } = this.#options
    const { toRead, unfit, failures } = progress
    const sent: Operation[] = []
    const body = this.#bodies.take()
    for (const operation of operations) {
      try {
        compose(operation, body)
        sent.push(operation)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        failures.set(operation.vin, { kind: 'rejected', reason: `telemetry: ${error.message}` })
      }
    }
    if (sent.length === 0) {
      this.#bodies.giveBack(body)
      return
    }
    const path = `/${aliases().latest}/_bulk`
    const request = { path, requireAlias: true, operations: body, withSequence: true }
    const items = await sendBulk(client, request, sizeMaxBytes)
    this.#bodies.giveBack(body)
    let isMissing = false
    for (let index = 0; index < sent.length; index += 1) {
      const operation = sent[index]
      const item = items[index] ?? { status: 0 }
      if (operation === undefined || this.#settle(operation, item)) continue
      const { vin, update, textState } = operation
      if (item.status === 409) toRead.set(vin, update)
      else if (item.status === 400 && textState !== 'unfit' && !isForLater(item)) {
        unfit.add(vin)
        toRead.set(vin, update)
      } else {
        isMissing ||= item.status === 404
        failures.set(vin, failureOfItem(item))
      }
    }
    if (isMissing) await this.#options.onMissing()
  }

  /** True if it is stored. What failed for another reason is known as before: a conflict tells. */
  #settle({ vin, next }: Operation, item: BulkItem): boolean {
    if (!isDone(item)) return false
    const { cache } = this.#options
    if (item._seq_no === undefined || item._primary_term === undefined) cache.forget(vin)
    else cache.put(vin, new KnownVehicle(next, item._seq_no, item._primary_term))
    return true
  }

  async #read({ toRead, read, failures }: Progress): Promise<void> {
    if (toRead.size === 0) return
    const { client, cache, aliases } = this.#options
    try {
      const found = await readVehicles(client, aliases().latest, [...toRead.keys()])
      for (const vin of toRead.keys()) {
        const vehicle = found.get(vin)
        if (vehicle === undefined) {
          cache.forget(vin)
          read.delete(vin)
        } else {
          cache.put(vin, vehicle.known)
          read.set(vin, vehicle)
        }
      }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      for (const vin of toRead.keys()) failures.set(vin, { kind: 'retry', reason: error.message })
      toRead.clear()
      if (error.status === 404) await this.#options.onMissing()
    }
  }

  /** Brings shared_cardata up to the statuses that are stored; a newer one there stays. */
  async #project(
    updates: ReadonlyMap<string, VehicleUpdate>,
    failures: Map<string, Failure>,
  ): Promise<void> {
    const { client, cache, sizeMaxBytes, aliases } = this.#options
    const vins: string[] = []
    const lines: string[] = []
    for (const { status } of updates.values()) {
      if (status === undefined || failures.has(status.vin)) continue
      const { vin } = status
      vins.push(vin)
      lines.push(projectionOf(cache.get(vin)?.status ?? status))
    }
    if (lines.length === 0) return
    const path = `/${aliases().shared}/_bulk`
    const request = { path, requireAlias: true, operations: lines }
    const items = await sendBulk(client, request, sizeMaxBytes)
    let isMissing = false
    for (const [index, vin] of vins.entries()) {
      const item = items[index] ?? { status: 0 }
      if (isDone(item) || item.status === 409) continue
      isMissing ||= item.status === 404
      failures.set(vin, failureOfItem(item))
    }
    if (isMissing) await this.#options.onMissing()
  }
}

const CONTENDED = 'other instances write the same vehicle all the time'

/** @throws SyntaxError if the telemetry is no JSON object */
function compose({ vin, known, next, text, textState }: Operation, body: BulkBody): void {
  const [own, ours] = composeLatestPieces(vin, next, text, textState)
  const id = JSON.stringify(vin)
  const action =
    known === undefined
      ? `{"create":{"_id":${id}}}\n`
      : `{"index":{"_id":${id},"if_seq_no":${known.seqNo},"if_primary_term":${known.primaryTerm}}}\n`
  body.add(action, own, `${ours}\n`)
}

/** Replaces what is there unless that is newer. */
export function projectionOf(status: VehicleStatus): string {
  const { vin, revision } = status
  const action = { index: { _id: vin, version: revision, version_type: 'external_gte' } }
  return `${JSON.stringify(action)}\n${composeShared(status)}\n`
}
