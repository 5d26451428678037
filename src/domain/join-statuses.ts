import type { DeviceStatus, Installation } from './device.ts'
import { deleteDevice } from './device-merge.ts'
import { isNewer, newest, type Register, type Stamp } from './stamp.ts'
import type { AnomalyCondition, Condition, VehicleStatus } from './vehicle.ts'
import { deleteVehicle } from './vehicle-merge.ts'

// Two instances have each taken in some of the messages about one vehicle or device. What both know
// together is the join: register by register the newest, whoever had it. Associative, commutative
// and idempotent, like the merges themselves (ADR 0001).

/**
 * `devices` is no register but computed from the devices' own documents: it is taken from the side
 * with the higher revision, and whoever learns of a device that it lacks writes it anew.
 * The revision of the join is above both, unless the higher side knew everything already.
 */
export function joinStatuses(one: VehicleStatus, other: VehicleStatus): VehicleStatus {
  const [low, high] = inOrder(one, other)
  const allTroubleCodesCleared = newest(high.allTroubleCodesCleared, low.allTroubleCodesCleared)
  const joined: VehicleStatus = {
    vin: high.vin,
    revision: high.revision,
    attributes: joinRecords(low.attributes, high.attributes, newestRegister),
    devices: high.devices,
    troubleCodes: joinRecords(low.troubleCodes, high.troubleCodes, joinConditions),
    ...(allTroubleCodesCleared === undefined ? {} : { allTroubleCodesCleared }),
    anomalies: joinRecords(low.anomalies, high.anomalies, joinAnomalies),
  }
  const deleted = newest(high.deleted, low.deleted)
  const settled = deleted === undefined ? joined : deleteVehicle(joined, deleted)
  return withRevision(settled, low, high)
}

export function joinDevices(one: DeviceStatus, other: DeviceStatus): DeviceStatus {
  const [low, high] = inOrder(one, other)
  const softwareVersion = newestOptional(low.softwareVersion, high.softwareVersion)
  const parent = newestOptional(low.parent, high.parent)
  const joined: DeviceStatus = {
    deviceid: high.deviceid,
    revision: high.revision,
    attributes: joinRecords(low.attributes, high.attributes, newestRegister),
    installations: joinRecords(low.installations, high.installations, joinInstallations),
    ...(softwareVersion === undefined ? {} : { softwareVersion }),
    ...(parent === undefined ? {} : { parent }),
  }
  const deleted = newest(high.deleted, low.deleted)
  const settled = deleted === undefined ? joined : deleteDevice(joined, deleted)
  return withRevision(settled, low, high)
}

/** By revision; equal ones by content, so that both sides of a join agree which is which. */
function inOrder<T extends { readonly revision: number }>(one: T, other: T): [low: T, high: T] {
  if (one.revision !== other.revision) {
    return one.revision < other.revision ? [one, other] : [other, one]
  }
  return canonical(one) <= canonical(other) ? [one, other] : [other, one]
}

/** Unless the higher side knew it all, the join is a revision of its own: two contents, two numbers. */
function withRevision<T extends { readonly revision: number }>(joined: T, low: T, high: T): T {
  const content = contentOf(joined)
  const isTie = low.revision === high.revision && content !== contentOf(low)
  if (!isTie && content === contentOf(high)) return high
  return { ...joined, revision: high.revision + 1 }
}

function contentOf<T extends { readonly revision: number }>(status: T): string {
  return canonical({ ...status, revision: 0 })
}

/** JSON with sorted keys: the order in which registers were set is no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function joinRecords<T>(
  low: Readonly<Record<string, T>>,
  high: Readonly<Record<string, T>>,
  join: (low: T, high: T) => T,
): Readonly<Record<string, T>> {
  const joined: Record<string, T> = { ...low }
  for (const [key, value] of Object.entries(high)) {
    const known = Object.hasOwn(low, key) ? low[key] : undefined
    joined[key] = known === undefined ? value : join(known, value)
  }
  return joined
}

/** Of equal stamps the higher revision's. */
function newestRegister<T>(low: Register<T>, high: Register<T>): Register<T> {
  return isNewer(low.stamp, high.stamp) ? low : high
}

function newestOptional<T>(
  low: Register<T> | undefined,
  high: Register<T> | undefined,
): Register<T> | undefined {
  if (low === undefined || high === undefined) return high ?? low
  return newestRegister(low, high)
}

function joinConditions(low: Condition, high: Condition): Condition {
  return ends(
    'raised',
    'cleared',
    newest(high.raised, low.raised),
    newest(high.cleared, low.cleared),
  )
}

/** Score and value are those of the newest raise. */
function joinAnomalies(low: AnomalyCondition, high: AnomalyCondition): AnomalyCondition {
  const isLowNewer = low.raised !== undefined && isNewer(low.raised, high.raised)
  const { raised: _, cleared: __, ...reading } = isLowNewer ? low : high
  return { ...reading, ...joinConditions(low, high) }
}

function joinInstallations(low: Installation, high: Installation): Installation {
  const attached = newest(high.attached, low.attached)
  return ends('attached', 'detached', attached, newest(high.detached, low.detached))
}

function ends<Start extends string, End extends string>(
  start: Start,
  end: End,
  startAt: Stamp | undefined,
  endAt: Stamp | undefined,
): { [K in Start | End]?: Stamp } {
  const record: Record<string, Stamp> = {}
  if (startAt !== undefined) record[start] = startAt
  if (endAt !== undefined) record[end] = endAt
  return record as { [K in Start | End]?: Stamp }
}
