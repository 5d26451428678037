import { at, type Route } from './route.ts'
import type { DrivingStyle, SpeedLimits } from './speed-limits.ts'

/** Motion, fuel and oil of one vehicle, advanced in small steps of simulated time. */

/** Small enough that a corner is not jumped over: 15 m at motorway speed. */
export const PHYSICS_STEP_S = 0.5

export interface Motion {
  offsetM: number
  segment: number
  speedMps: number
}

export interface Conditions {
  readonly style: DrivingStyle
  readonly limits: SpeedLimits
  /** Factor on the speed, of the traffic around. */
  readonly traffic: number
  /** Something is in the way: brake as hard as the car can. */
  readonly emergency: boolean
}

export interface Movement {
  readonly distanceM: number
  readonly accelerationMps2: number
}

/** Slower than this only at the very end, so that every route is driven to its end. */
const CREEP_MPS = 1.5
const EMERGENCY_BRAKING_MPS2 = 7.5
/** Of what the driver would drive, when he has to brake in an emergency. */
const EMERGENCY_SPEED_SHARE = 0.2

/** Moves along the route, never beyond its end. Changes `motion`. */
export function advanceMotion(
  motion: Motion,
  route: Route,
  conditions: Conditions,
  seconds: number,
): Movement {
  const before = motion.speedMps
  const wanted = chooseSpeedMps(motion, route, conditions)
  const brakingMps2 = conditions.emergency
    ? EMERGENCY_BRAKING_MPS2
    : conditions.style.brakingMps2 * 1.5
  const rise = before + conditions.style.accelerationMps2 * seconds
  motion.speedMps = Math.max(Math.min(wanted, rise), before - brakingMps2 * seconds, 0)

  const driven = ((before + motion.speedMps) / 2) * seconds
  const distanceM = Math.min(Math.max(driven, CREEP_MPS * seconds), route.lengthM - motion.offsetM)
  motion.offsetM += distanceM
  const last = route.offsetsM.length - 2
  while (motion.segment < last && at(route.offsetsM, motion.segment + 1) <= motion.offsetM) {
    motion.segment++
  }
  return { distanceM, accelerationMps2: (motion.speedMps - before) / seconds }
}

export function hasArrived(motion: Motion, route: Route): boolean {
  return route.lengthM - motion.offsetM < 0.01
}

function chooseSpeedMps(
  motion: Motion,
  route: Route,
  { style, limits, traffic, emergency }: Conditions,
): number {
  const remainingM = at(route.offsetsM, motion.segment + 1) - motion.offsetM
  const nextMps = at(limits.vertexMps, motion.segment + 1)
  const brakingCurve = Math.sqrt(nextMps ** 2 + 2 * style.brakingMps2 * Math.max(0, remainingM))
  const free = at(limits.roadMps, motion.segment) * style.haste * traffic
  const wanted = Math.min(free, brakingCurve)
  return Math.max(CREEP_MPS, emergency ? wanted * EMERGENCY_SPEED_SHARE : wanted)
}

/** Traffic drifts around `mean` and stays within sensible bounds. `noise` is from -1 to 1. */
export function driftTraffic(
  traffic: number,
  mean: number,
  noise: number,
  seconds: number,
): number {
  const pull = 1 - Math.exp(-seconds / 60)
  const next = traffic + (mean - traffic) * pull + noise * 0.05 * Math.sqrt(Math.min(seconds, 60))
  return Math.min(mean + 0.12, Math.max(mean * 0.45, next))
}

/** Millilitres burnt. `thirst` is 1 for a car of 7 l/100 km. */
export function burnFuelMl(
  movement: Movement,
  speedMps: number,
  thirst: number,
  seconds: number,
): number {
  const idle = 0.2 * seconds
  const rolling = movement.distanceM * (0.04 + 0.018 * (speedMps / 30) ** 2)
  const effort = Math.max(0, movement.accelerationMps2) * movement.distanceM * 0.03
  return (idle + rolling + effort) * thirst
}

/** Fahrenheit. Load warms the oil a little above its base. */
export function loadedOilTempF(baseF: number, speedMps: number): number {
  return baseF + 7 * (speedMps / 30)
}

/** Moves towards `targetF` with the given time constant. */
export function warmOilF(tempF: number, targetF: number, lagS: number, seconds: number): number {
  return tempF + (targetF - tempF) * (1 - Math.exp(-seconds / lagS))
}

/** Pedal position in percent. */
export function throttlePercent(speedMps: number, accelerationMps2: number): number {
  if (accelerationMps2 < -0.3) return 0
  return Math.min(100, Math.max(0, 6 + speedMps * 0.7 + Math.max(0, accelerationMps2) * 20))
}
