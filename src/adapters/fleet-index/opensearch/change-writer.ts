import type { DeviceStatus } from '../../../domain/device.ts'
import { FleetgridError } from '../../../domain/errors.ts'
import type { FleetChange } from '../../../ports/fleet-index.ts'
import type { WriteReport } from '../../../ports/write-report.ts'
import { findFault } from '../find-fault.ts'
import type { Failure } from './bulk.ts'
import type { EngineClient } from './client.ts'
import { CommitLane } from './commit-lane.ts'
import type { CurrentIndexNames } from './current-indices.ts'
import { addDevice, collectDevices, DeviceWriter } from './device-writer.ts'
import { HistoryWriter } from './history-writer.ts'
import type { IndexNames } from './index-names.ts'
import { LatestWriter } from './latest-writer.ts'
import type { VehicleCache } from './vehicle-cache.ts'
import { addUpdate, collectUpdates, type VehicleUpdate } from './vehicle-update.ts'

/** A failure counts as present for so long, unless a write succeeds: whoever writes tries again. */
const FAILING_FOR_MS = 30_000

export interface ChangeWriterOptions {
  readonly client: EngineClient
  readonly names: IndexNames
  readonly cache: VehicleCache
  readonly current: CurrentIndexNames
  readonly sizeMaxBytes: number
  readonly instance: string
  readonly now: () => number
}

type Failures = ReadonlyMap<string, Failure>

/** What a write has come to so far; numbers are those of its changes. */
interface Outcome {
  readonly duplicates: number[]
  readonly rejected: { index: number; reason: string }[]
  readonly retry: number[]
  retryReason: string | undefined
}

/**
 * One call stores its changes step by step: histories, then devices, then latest_telemetry with
 * shared_cardata behind it. What a history refuses gets no further, so nothing of it is seen. After a
 * crash in between, the message that nobody acknowledged comes again and the rest is done.
 */
export class ChangeWriter {
  readonly #options: ChangeWriterOptions
  readonly #histories: HistoryWriter
  readonly #devices: CommitLane<DeviceStatus>
  readonly #vehicles: CommitLane<VehicleUpdate>
  #failure: { readonly reason: string; readonly at: number } | undefined

  constructor(options: ChangeWriterOptions) {
    this.#options = options
    const { client, names, cache, current, sizeMaxBytes, instance, now } = options
    const onMissing = () => current.findAgain()
    const shared = { client, sizeMaxBytes, instance, now, onMissing }
    this.#histories = new HistoryWriter({ client, names, sizeMaxBytes, now })
    const aliases = () => current.writeAliases()
    const latest = new LatestWriter({ ...shared, cache, aliases })
    const devices = new DeviceWriter({ ...shared, alias: () => aliases().devices })
    this.#vehicles = new CommitLane({ write: (updates) => latest.write(updates), add: addUpdate })
    this.#devices = new CommitLane({ write: (updates) => devices.write(updates), add: addDevice })
  }

  /** @throws FleetgridError when closed */
  async write(changes: readonly FleetChange[]): Promise<WriteReport> {
    this.#options.client.requireOpen()
    const outcome: Outcome = { duplicates: [], rejected: [], retry: [], retryReason: undefined }
    const sound = findSound(changes, outcome)
    const stored = await this.#storeHistory(changes, sound, outcome)
    const devices = new Map<string, DeviceStatus>()
    const vehicles = new Map<string, VehicleUpdate>()
    for (const index of stored) {
      const change = changes[index]
      if (change === undefined) continue
      collectDevices(change, devices)
      collectUpdates(change, vehicles)
    }
    const deviceFailures = await this.#devices.submit(devices)
    const vehicleFailures = await this.#vehicles.submit(vehicles)
    if (deviceFailures.size + vehicleFailures.size > 0) {
      for (const index of stored) {
        const change = changes[index]
        const failure = change && failureOf(change, deviceFailures, vehicleFailures)
        if (failure !== undefined) note(outcome, index, failure)
      }
    }
    return this.#report(changes.length, outcome)
  }

  /** @throws FleetgridError while writes fail */
  check(): void {
    if (this.#failure === undefined) return
    if (performance.now() - this.#failure.at > FAILING_FOR_MS) return
    const message = `The fleet index can't be written: ${this.#failure.reason}`
    throw new FleetgridError('unavailable', message)
  }

  /** Returns the changes that go on. */
  async #storeHistory(
    changes: readonly FleetChange[],
    sound: readonly number[],
    outcome: Outcome,
  ): Promise<number[]> {
    const chosen =
      sound.length === changes.length ? changes : sound.flatMap((index) => changes[index] ?? [])
    const results = await this.#histories.store(chosen)
    const stored: number[] = []
    for (let number = 0; number < sound.length; number += 1) {
      const index = sound[number] ?? -1
      const result = results[number] ?? NOTHING
      if ('reason' in result) {
        note(outcome, index, result)
        continue
      }
      if (result.kind === 'duplicate') outcome.duplicates.push(index)
      stored.push(index)
    }
    return stored
  }

  #report(size: number, { duplicates, rejected, retry, retryReason }: Outcome): WriteReport {
    const isLeft = rejected.length + retry.length > 0
    const left = new Set(isLeft ? [...retry, ...rejected.map(({ index }) => index)] : [])
    const accepted = size - left.size
    if (retryReason !== undefined) this.#failure = { reason: retryReason, at: performance.now() }
    else if (accepted > 0) this.#failure = undefined
    return {
      accepted,
      duplicates: isLeft ? duplicates.filter((index) => !left.has(index)) : duplicates,
      rejected,
      retry,
      ...(retryReason === undefined ? {} : { retryReason }),
    }
  }
}

const NOTHING = { kind: 'retry', reason: 'nothing is known of it' } as const

function findSound(changes: readonly FleetChange[], { rejected }: Outcome): number[] {
  const sound: number[] = []
  for (let index = 0; index < changes.length; index += 1) {
    const change = changes[index]
    const reason = change && findFault(change)
    if (reason === undefined) sound.push(index)
    else rejected.push({ index, reason })
  }
  return sound
}

function note(outcome: Outcome, index: number, { kind, reason }: Failure): void {
  if (kind === 'rejected') outcome.rejected.push({ index, reason })
  else {
    outcome.retry.push(index)
    outcome.retryReason ??= reason
  }
}

/** What can never be stored outweighs what can't be now. */
function failureOf(
  { telemetry, statuses = [], devices = [] }: FleetChange,
  deviceFailures: Failures,
  vehicleFailures: Failures,
): Failure | undefined {
  let failure = telemetry && vehicleFailures.get(telemetry.vin)
  for (const { vin } of statuses) failure = graver(failure, vehicleFailures.get(vin))
  for (const { deviceid } of devices) failure = graver(failure, deviceFailures.get(deviceid))
  return failure
}

function graver(one: Failure | undefined, other: Failure | undefined): Failure | undefined {
  return one?.kind === 'rejected' || other === undefined ? one : other
}
