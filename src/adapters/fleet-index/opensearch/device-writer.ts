import type { DeviceStatus } from '../../../domain/device.ts'
import { joinDevices } from '../../../domain/join-statuses.ts'
import type { FleetChange } from '../../../ports/fleet-index.ts'
import { type Failure, failureOfItem, isDone, sendBulk } from './bulk.ts'
import { type EngineClient, EngineError } from './client.ts'
import { composeDevice } from './documents.ts'
import { readDevice } from './read-document.ts'
import { getDocuments } from './read-vehicles.ts'
import { SEVERAL } from './vehicle-update.ts'

const ROUNDS_MAX = 8

export interface DeviceWriterOptions {
  readonly client: EngineClient
  readonly sizeMaxBytes: number
  readonly instance: string
  readonly now: () => number
  readonly alias: () => string
  readonly onMissing: () => Promise<void>
}

interface Operation {
  readonly device: DeviceStatus
  readonly line: string
}

/** Adds the devices of a change; of one process the higher revision knows more. */
export function collectDevices(change: FleetChange, devices: Map<string, DeviceStatus>): void {
  for (const device of change.devices ?? []) addDevice(devices, device.deviceid, device)
}

export function addDevice(
  devices: Map<string, DeviceStatus>,
  deviceid: string,
  device: DeviceStatus,
): void {
  if (device.revision >= (devices.get(deviceid)?.revision ?? 0)) devices.set(deviceid, device)
}

/** Devices change rarely: each is read, joined and written on condition that it is still the same. */
export class DeviceWriter {
  readonly #options: DeviceWriterOptions

  constructor(options: DeviceWriterOptions) {
    this.#options = options
  }

  /** Never two calls with the same device at once. Devices that are not named are stored. */
  async write(devices: ReadonlyMap<string, DeviceStatus>): Promise<Map<string, Failure>> {
    const failures = new Map<string, Failure>()
    let open = [...devices.values()]
    for (let round = 0; open.length > 0 && round < ROUNDS_MAX; round += 1) {
      try {
        open = await this.#round(open, failures)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        if (error.status === 404) await this.#options.onMissing()
        for (const { deviceid } of open) {
          failures.set(deviceid, { kind: 'retry', reason: error.message })
        }
        return failures
      }
    }
    for (const { deviceid } of open) {
      failures.set(deviceid, { kind: 'retry', reason: 'other instances write it all the time' })
    }
    return failures
  }

  /** Returns what others were faster with. */
  async #round(
    devices: readonly DeviceStatus[],
    failures: Map<string, Failure>,
  ): Promise<DeviceStatus[]> {
    const { client, sizeMaxBytes, alias, onMissing } = this.#options
    const operations = await this.#plan(devices)
    const items = await sendBulk(
      client,
      {
        path: `/${alias()}/_bulk`,
        requireAlias: true,
        operations: operations.map(({ line }) => line),
      },
      sizeMaxBytes,
    )
    const conflicts: DeviceStatus[] = []
    let isMissing = false
    for (const [index, { device }] of operations.entries()) {
      const item = items[index] ?? { status: 0 }
      if (isDone(item)) continue
      if (item.status === 409) conflicts.push(device)
      else {
        isMissing ||= item.status === 404
        failures.set(device.deviceid, failureOfItem(item))
      }
    }
    if (isMissing) await onMissing()
    return conflicts
  }

  async #plan(devices: readonly DeviceStatus[]): Promise<Operation[]> {
    const { client, alias, instance, now } = this.#options
    const byId = new Map(devices.map((device) => [device.deviceid, device]))
    const operations: Operation[] = []
    for await (const items of getDocuments(client, alias(), [...byId.keys()])) {
      for (const { _id, _seq_no, _primary_term, _source } of items) {
        const device = byId.get(_id)
        if (device === undefined) continue
        const stored = _source === undefined ? undefined : readDevice(_source)
        const next = takeDevice(stored, device, instance)
        if (next === undefined) continue
        const condition =
          _seq_no === undefined
            ? { create: { _id } }
            : { index: { _id, if_seq_no: _seq_no, if_primary_term: _primary_term } }
        const document = composeDevice(next.device, next.writer, now())
        operations.push({ device, line: `${JSON.stringify(condition)}\n${document}\n` })
      }
    }
    return operations
  }
}

function takeDevice(
  stored: ReturnType<typeof readDevice>,
  device: DeviceStatus,
  instance: string,
): { readonly device: DeviceStatus; readonly writer: string } | undefined {
  if (stored === undefined) return { device, writer: instance }
  if (stored.writer === instance) {
    return device.revision > stored.status.revision ? { device, writer: instance } : undefined
  }
  const joined = joinDevices(stored.status, device)
  if (joined === stored.status) return undefined
  return { device: joined, writer: joined === device ? instance : SEVERAL }
}
