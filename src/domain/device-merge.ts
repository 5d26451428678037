import type { DeviceStatus, Installation } from './device.ts'
import type { JsonObject } from './json.ts'
import { isNewer, type Register, type Stamp } from './stamp.ts'
import { keep, mergeRegisters } from './vehicle-merge.ts'

// Joins like those of vehicle-merge.ts: order and repetition of the messages don't matter.

/** What one message says of a device; what it doesn't say stays. */
export interface DevicePatch {
  readonly attributes?: JsonObject
  readonly softwareVersion?: string
  /** VIN → installed there or not any more. */
  readonly installations?: Readonly<Record<string, boolean>>
  readonly parent?: string
}

export function emptyDevice(deviceid: string): DeviceStatus {
  return { deviceid, revision: 0, attributes: {}, installations: {} }
}

export function patchDevice(device: DeviceStatus, patch: DevicePatch, stamp: Stamp): DeviceStatus {
  if (!isNewer(stamp, device.deleted)) return device
  const attributes = mergeRegisters(device.attributes, patch.attributes ?? {}, stamp)
  const installations = mergeInstallations(device.installations, patch.installations ?? {}, stamp)
  const softwareVersion = mergeRegister(device.softwareVersion, patch.softwareVersion, stamp)
  const parent = mergeRegister(device.parent, patch.parent, stamp)
  if (
    attributes === device.attributes &&
    installations === device.installations &&
    softwareVersion === device.softwareVersion &&
    parent === device.parent &&
    device.revision > 0
  ) {
    return device
  }
  return {
    ...device,
    revision: device.revision + 1,
    attributes,
    installations,
    ...(softwareVersion === undefined ? {} : { softwareVersion }),
    ...(parent === undefined ? {} : { parent }),
  }
}

export function deleteDevice(device: DeviceStatus, stamp: Stamp): DeviceStatus {
  if (!isNewer(stamp, device.deleted)) return device
  const { softwareVersion, parent } = device
  const isKept = (register: Register<unknown> | undefined): boolean =>
    register !== undefined && isNewer(register.stamp, stamp)
  return {
    deviceid: device.deviceid,
    revision: device.revision + 1,
    attributes: keep(device.attributes, isKept),
    installations: keepInstallations(device.installations, stamp),
    ...(softwareVersion !== undefined && isKept(softwareVersion) ? { softwareVersion } : {}),
    ...(parent !== undefined && isKept(parent) ? { parent } : {}),
    deleted: stamp,
  }
}

/** Where the device is: attaching it somewhere takes it out of where it was before. */
export function currentInstallation(
  device: DeviceStatus,
): { readonly vin: string; readonly stamp: Stamp } | undefined {
  let last: { vin: string; stamp: Stamp } | undefined
  for (const [vin, { attached }] of Object.entries(device.installations)) {
    if (attached !== undefined && isNewer(attached, last?.stamp)) last = { vin, stamp: attached }
  }
  if (last === undefined) return undefined
  return isNewer(last.stamp, device.installations[last.vin]?.detached) ? last : undefined
}

function mergeInstallations(
  installations: DeviceStatus['installations'],
  changes: Readonly<Record<string, boolean>>,
  stamp: Stamp,
): DeviceStatus['installations'] {
  let merged = installations
  for (const [vin, isAttached] of Object.entries(changes)) {
    const end = isAttached ? 'attached' : 'detached'
    const known = merged[vin] ?? {}
    if (isNewer(stamp, known[end])) merged = { ...merged, [vin]: { ...known, [end]: stamp } }
  }
  return merged
}

function keepInstallations(
  installations: DeviceStatus['installations'],
  after: Stamp,
): DeviceStatus['installations'] {
  const kept: Record<string, Installation> = {}
  for (const [vin, { attached, detached }] of Object.entries(installations)) {
    kept[vin] = {
      ...(attached !== undefined && isNewer(attached, after) ? { attached } : {}),
      ...(detached !== undefined && isNewer(detached, after) ? { detached } : {}),
    }
  }
  return keep(kept, ({ attached, detached }) => attached !== undefined || detached !== undefined)
}

function mergeRegister<T>(
  register: Register<T> | undefined,
  value: T | undefined,
  stamp: Stamp,
): Register<T> | undefined {
  if (value === undefined || !isNewer(stamp, register?.stamp)) return register
  return { value, stamp }
}
