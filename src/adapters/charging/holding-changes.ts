import type { Holding, HoldingChange } from '../../ports/charge-point-holdings.ts'

/** Of one item of a group: the longest local list must not hold up everybody else's writes. */
const STEP_MAX = 25

interface Removal {
  readonly charge_point_id: string
  readonly kind: string
  /** Or what keys begin with. */
  readonly key: string
  readonly at: number
}

/** Removals, then holdings, which together do what the changes do one after the other. */
export interface FoldedChanges {
  readonly keys: ReadonlyMap<string, Removal>
  readonly prefixes: ReadonlyMap<string, Removal>
  readonly holdings: ReadonlyMap<string, Holding>
}

/** What is taken away goes first. */
export function inSteps(change: HoldingChange): HoldingChange[] {
  const { chargePointId, at, remove = [], put = [] } = change
  const steps: HoldingChange[] = []
  for (let start = 0; start < remove.length; start += STEP_MAX) {
    steps.push({ chargePointId, at, remove: remove.slice(start, start + STEP_MAX) })
  }
  const last = steps.pop() ?? { chargePointId, at }
  steps.push({ ...last, put: put.slice(0, STEP_MAX) })
  for (let start = STEP_MAX; start < put.length; start += STEP_MAX) {
    steps.push({ chargePointId, at, put: put.slice(start, start + STEP_MAX) })
  }
  return steps
}

export function foldChanges(changes: readonly HoldingChange[]): FoldedChanges {
  const keys = new Map<string, Removal>()
  const prefixes = new Map<string, Removal>()
  const byChargePoint = new Map<string, Map<string, Holding>>()
  for (const { chargePointId, at, remove = [], put = [] } of changes) {
    const own = byChargePoint.get(chargePointId) ?? new Map<string, Holding>()
    byChargePoint.set(chargePointId, own)
    for (const selector of remove) {
      const isExact = 'key' in selector
      const key = isExact ? selector.key : selector.prefix
      const name = nameOf(chargePointId, selector.kind, key)
      const removals = isExact ? keys : prefixes
      if ((removals.get(name)?.at ?? at) <= at) {
        removals.set(name, { charge_point_id: chargePointId, kind: selector.kind, key, at })
      }
      const meant = isExact ? [name] : [...own.keys()].filter((one) => one.startsWith(name))
      for (const one of meant) if ((own.get(one)?.at ?? at) <= at) own.delete(one)
    }
    for (const one of put) {
      const name = nameOf(chargePointId, one.kind, one.key)
      if ((own.get(name)?.at ?? at) <= at) own.set(name, { ...one, chargePointId, at })
    }
  }
  const holdings = new Map([...byChargePoint.values()].flatMap((own) => [...own]))
  return { keys, prefixes, holdings }
}

function nameOf(chargePointId: string, kind: string, key: string): string {
  return `${chargePointId}\0${kind}\0${key}`
}
