import { createRandom, type Random } from '../random.ts'
import type { Car } from './curve.ts'
import type { StationIdentity } from './identity.ts'

/** What chance decides about a visit of a car, before it comes. All times in simulated seconds. */
export interface SessionPlan {
  /** From the end of the visit before, or from the start. */
  readonly gapS: number
  readonly car: Car
  /** The cable first and the card then, or the other way round. */
  readonly plugsFirst: boolean
  /** Between cable and card. */
  readonly betweenS: number
  /** After so long the driver ends it, if the car has not had enough by then. */
  readonly stopAfterS: number
  /** Between the end of charging and the driver's taking the cable out. */
  readonly lingerS: number
  readonly fault:
    | { readonly afterS: number; readonly code: FaultCode; readonly forS: number }
    | undefined
  readonly offline: { readonly afterS: number; readonly forS: number } | undefined
}

export interface Rates {
  /** Cars that come to a station in an hour of simulated time, on average, while there is room. */
  readonly sessionsPerHour: number
  /** Probability that a visit ends with a fault. */
  readonly faultRate: number
  /** Probability that the connection breaks during a visit. */
  readonly offlineRate: number
}

/** OCPP 1.6 §7.6, those that happen while charging. */
const FAULT_CODES = [
  'ConnectorLockFailure',
  'EVCommunicationError',
  'GroundFailure',
  'HighTemperature',
  'OverCurrentFailure',
  'PowerMeterFailure',
  'UnderVoltage',
] as const
export type FaultCode = (typeof FAULT_CODES)[number]

/** So many find a car at once: a simulation should show something soon. */
const FIRST_CAR_SHARE = 0.6
const FIRST_CAR_WITHIN_S = 60

/**
 * The visit number `number` at this EVSE. Depends on nothing else: however messages and answers
 * meet, the same seed brings the same cars.
 */
export function planSession(
  seed: string,
  identity: StationIdentity,
  place: { readonly evseId: number; readonly evses: number; readonly number: number },
  rates: Rates,
): SessionPlan {
  const random = createRandom(`${seed}/visit/${identity.id}/${place.evseId}/${place.number}`)
  const meanGapS = (3600 * place.evses) / rates.sessionsPerHour
  const isEarly = place.number === 0 && random.chance(FIRST_CAR_SHARE)
  const gapS = isEarly ? random.between(0, FIRST_CAR_WITHIN_S) : random.waitingTime(meanGapS)
  const stopAfterS = random.between(600, identity.isDc ? 2400 : 7200)
  return {
    gapS: gapS,
    car: createCar(random, identity),
    plugsFirst: random.chance(0.6),
    betweenS: random.between(3, 20),
    stopAfterS,
    lingerS: random.between(10, 120),
    fault: random.chance(rates.faultRate)
      ? {
          afterS: stopAfterS * random.between(0.1, 0.7),
          code: random.pick(FAULT_CODES),
          forS: random.between(60, 600),
        }
      : undefined,
    offline: random.chance(rates.offlineRate)
      ? { afterS: stopAfterS * random.between(0.1, 0.9), forS: random.between(120, 1200) }
      : undefined,
  }
}

function createCar(random: Random, identity: StationIdentity): Car {
  const canTakeW = identity.isDc
    ? random.pick([50_000, 100_000, 170_000])
    : random.pick([7360, 11_040, 22_080])
  return {
    batteryWh: random.pick([38_000, 52_000, 64_000, 77_000, 95_000]),
    powerMaxW: Math.min(identity.powerMaxW, canTakeW),
    taperFrom: identity.isDc ? 0.7 : 0.93,
    targetSoc: random.pick([0.8, 0.8, 0.9, 1]),
    soc: random.between(0.1, 0.6),
  }
}
