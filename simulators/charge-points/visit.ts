import type { SessionPlan } from './plan.ts'

/** Without meter values a car is looked after now and then. */
const LOOK_EVERY_S = 60
const STEP_MIN_S = 0.05

/** A car at an EVSE, from its coming to its going. */
export interface Visit {
  readonly plan: SessionPlan
  readonly token: string
  isPlugged: boolean
  readonly remoteStartId: number | undefined
  /** What happens by itself, the next one first. */
  readonly moments: Moment[]
  /** When the meter was read last, in seconds after the start of the transaction. */
  sampledS: number
}

export interface Moment {
  /** Seconds after the start of the transaction. */
  readonly afterS: number
  readonly what: 'driverStops' | 'carLeaves' | 'fault' | 'offline'
}

export function createVisit(plan: SessionPlan, token: string): Visit {
  const { fault, offline, stopAfterS } = plan
  const moments: Moment[] = [{ afterS: stopAfterS, what: 'driverStops' }]
  if (fault !== undefined) moments.push({ afterS: fault.afterS, what: 'fault' })
  if (offline !== undefined) moments.push({ afterS: offline.afterS, what: 'offline' })
  moments.sort((left, right) => left.afterS - right.afterS)
  return { plan, token, isPlugged: false, remoteStartId: undefined, moments, sampledS: 0 }
}

/** Whether meter values are due; 0: never. Late ones are left out, not made up for. */
export function takeSample(visit: Visit, elapsedS: number, intervalS: number): boolean {
  if (intervalS === 0 || elapsedS < visit.sampledS + intervalS) return false
  visit.sampledS = elapsedS - ((elapsedS - visit.sampledS) % intervalS)
  return true
}

export function takeMoment(visit: Visit, elapsedS: number): Moment | undefined {
  const [first] = visit.moments
  return first !== undefined && first.afterS <= elapsedS ? visit.moments.shift() : undefined
}

/** Until a sample is due, or something else happens. */
export function secondsToNext(visit: Visit, elapsedS: number, intervalS: number): number {
  const sampleInS = intervalS > 0 ? visit.sampledS + intervalS - elapsedS : LOOK_EVERY_S
  const momentInS = (visit.moments[0]?.afterS ?? Infinity) - elapsedS
  return Math.max(STEP_MIN_S, Math.min(sampleInS, momentInS))
}
