import type { Json, JsonObject } from './json.ts'
import { isNewer, type Register, type Stamp } from './stamp.ts'
import type { AnomalyCondition, Condition, VehicleDevice, VehicleStatus } from './vehicle.ts'

// How a vehicle's status takes in one more message. Each function is a join: the same messages in
// any order, any number of times, end in the same status. Nothing new returns the same object.

/** Attributes of one asset event; each key is a register of its own, because modify is a patch. */
export function patchAttributes(
  status: VehicleStatus,
  attributes: JsonObject,
  stamp: Stamp,
): VehicleStatus {
  if (!isNewer(stamp, status.deleted)) return status
  const merged = mergeRegisters(status.attributes, attributes, stamp)
  return merged === status.attributes ? status : next(status, { attributes: merged })
}

/** Everything older than the deletion goes, and what comes late from before it stays out. */
export function deleteVehicle(status: VehicleStatus, stamp: Stamp): VehicleStatus {
  if (!isNewer(stamp, status.deleted)) return status
  const { allTroubleCodesCleared: cleared, ...rest } = status
  const isKept = cleared !== undefined && isNewer(cleared, stamp)
  return next(isKept ? status : rest, {
    deleted: stamp,
    attributes: keep(status.attributes, (register) => isNewer(register.stamp, stamp)),
    troubleCodes: keepEnds(status.troubleCodes, stamp),
    anomalies: keepEnds(status.anomalies, stamp),
  })
}

export function reportTroubleCode(
  status: VehicleStatus,
  code: string,
  raises: boolean,
  stamp: Stamp,
): VehicleStatus {
  if (!isNewer(stamp, status.deleted)) return status
  const before = status.troubleCodes[code] ?? {}
  const after = report(before, raises, stamp)
  if (after === before) return status
  return next(status, { troubleCodes: { ...status.troubleCodes, [code]: after } })
}

export function clearAllTroubleCodes(status: VehicleStatus, stamp: Stamp): VehicleStatus {
  if (!isNewer(stamp, status.deleted) || !isNewer(stamp, status.allTroubleCodesCleared)) {
    return status
  }
  return next(status, { allTroubleCodesCleared: stamp })
}

export interface AnomalyReading {
  readonly score?: number
  readonly value?: number
}

export function raiseAnomaly(
  status: VehicleStatus,
  type: string,
  reading: AnomalyReading,
  stamp: Stamp,
): VehicleStatus {
  if (!isNewer(stamp, status.deleted)) return status
  const before: AnomalyCondition = status.anomalies[type] ?? {}
  const after = report(before, true, stamp)
  if (after === before) return status
  const { score: _, value: __, ...ends } = after
  return next(status, { anomalies: { ...status.anomalies, [type]: { ...ends, ...reading } } })
}

/** Also of an anomaly that isn't known: the message that raises it may come later. */
export function clearAnomaly(status: VehicleStatus, type: string, stamp: Stamp): VehicleStatus {
  if (!isNewer(stamp, status.deleted)) return status
  const before: AnomalyCondition = status.anomalies[type] ?? {}
  const after = report(before, false, stamp)
  if (after === before) return status
  return next(status, { anomalies: { ...status.anomalies, [type]: after } })
}

export function replaceDevices(
  status: VehicleStatus,
  devices: readonly VehicleDevice[],
): VehicleStatus {
  return JSON.stringify(devices) === JSON.stringify(status.devices)
    ? status
    : next(status, { devices })
}

function report<C extends Condition>(condition: C, raises: boolean, stamp: Stamp): C {
  const end = raises ? 'raised' : 'cleared'
  return isNewer(stamp, condition[end]) ? { ...condition, [end]: stamp } : condition
}

/** Each end by itself: a condition that was raised before and cleared after was only cleared. */
function keepEnds<C extends Condition>(
  conditions: Readonly<Record<string, C>>,
  after: Stamp,
): Readonly<Record<string, C>> {
  const kept: Record<string, C> = {}
  for (const [id, { raised, cleared, ...rest }] of Object.entries(conditions)) {
    const ends = {
      ...(raised !== undefined && isNewer(raised, after) ? { raised } : {}),
      ...(cleared !== undefined && isNewer(cleared, after) ? { cleared } : {}),
    }
    if (Object.keys(ends).length > 0) kept[id] = { ...rest, ...ends } as C
  }
  return kept
}

/** Keys whose stored value is older take the new value; returns the same object if there is none. */
export function mergeRegisters<T extends Json>(
  registers: Readonly<Record<string, Register<T>>>,
  values: Readonly<Record<string, T>>,
  stamp: Stamp,
): Readonly<Record<string, Register<T>>> {
  const newer = Object.entries(values).filter(([key]) => isNewer(stamp, registers[key]?.stamp))
  if (newer.length === 0) return registers
  const fresh = newer.map(([key, value]) => [key, { value, stamp }] as const)
  return { ...registers, ...Object.fromEntries(fresh) }
}

export function keep<T>(
  entries: Readonly<Record<string, T>>,
  wanted: (entry: T) => boolean,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).filter(([, entry]) => wanted(entry)))
}

function next(status: VehicleStatus, change: Partial<VehicleStatus>): VehicleStatus {
  return { ...status, ...change, revision: status.revision + 1 }
}
