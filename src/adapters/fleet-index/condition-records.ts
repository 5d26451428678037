import { isNewer, newest, type Stamp } from '../../domain/stamp.ts'
import { type Condition, isActive, type VehicleStatus } from '../../domain/vehicle.ts'
import type { ConditionRecord } from '../../ports/fleet-index.ts'

/** One record of the dtc or anomaly history. */
export interface ConditionReport {
  readonly stamp: Stamp
  /** Undefined: all conditions. */
  readonly condition: string | undefined
  readonly raises: boolean
}

interface Life {
  count: number
  firstSeenAt: number
  lastSeenAt: number
  clearedAt?: number
}

/** Trouble codes with their lives, by code. */
export function troubleCodeRecords(
  status: VehicleStatus,
  reports: readonly ConditionReport[],
): ConditionRecord[] {
  return conditionRecords(
    status.troubleCodes,
    status.allTroubleCodesCleared,
    sinceDeletion(status, reports),
  )
}

export function anomalyRecords(
  status: VehicleStatus,
  reports: readonly ConditionReport[],
): ConditionRecord[] {
  return conditionRecords(status.anomalies, undefined, sinceDeletion(status, reports))
}

function sinceDeletion(
  { deleted }: VehicleStatus,
  reports: readonly ConditionReport[],
): readonly ConditionReport[] {
  return reports.filter(({ stamp }) => isNewer(stamp, deleted))
}

/**
 * The history counts; the registers of the status decide what is active, as in every other view,
 * and stand in for history that was dropped.
 */
function conditionRecords(
  conditions: Readonly<Record<string, Condition>>,
  allCleared: Stamp | undefined,
  reports: readonly ConditionReport[],
): ConditionRecord[] {
  const ids = new Set(Object.keys(conditions))
  for (const { condition, raises } of reports) {
    if (condition !== undefined && raises) ids.add(condition)
  }
  const records: ConditionRecord[] = []
  for (const id of [...ids].sort()) {
    const condition = (Object.hasOwn(conditions, id) ? conditions[id] : undefined) ?? {}
    const life = lastLife(id, condition, allCleared, reports)
    if (life === undefined) continue
    const { clearedAt, ...seen } = life
    const active = isActive(condition, allCleared)
    const ended = active ? undefined : (clearedAt ?? newest(condition.cleared, allCleared)?.at)
    records.push({ id, active, ...seen, ...(ended === undefined ? {} : { clearedAt: ended }) })
  }
  return records
}

function lastLife(
  id: string,
  { raised, cleared }: Condition,
  allCleared: Stamp | undefined,
  reports: readonly ConditionReport[],
): Life | undefined {
  const steps = reports
    .filter(({ condition }) => condition === id || condition === undefined)
    .map(({ stamp, condition, raises }) => ({ stamp, raises: raises && condition !== undefined }))
  for (const stamp of [cleared, allCleared]) {
    if (stamp !== undefined) steps.push({ stamp, raises: false })
  }
  if (raised !== undefined && !steps.some((step) => step.raises)) {
    steps.push({ stamp: raised, raises: true })
  }
  steps.sort((left, right) => (isNewer(left.stamp, right.stamp) ? 1 : -1))
  let life: Life | undefined
  for (const { stamp, raises } of steps) {
    if (!raises) {
      if (life !== undefined) life.clearedAt ??= stamp.at
    } else if (life === undefined || life.clearedAt !== undefined) {
      life = { count: 1, firstSeenAt: stamp.at, lastSeenAt: stamp.at }
    } else {
      life.count += 1
      life.lastSeenAt = stamp.at
    }
  }
  return life
}
