/** How a car takes energy: a constant power, and from some state of charge on less and less. */

export interface Car {
  readonly batteryWh: number
  /** What it can take at best, at this kind of station. */
  readonly powerMaxW: number
  /** From this state of charge on it takes less: late on a small AC charger, early on DC. */
  readonly taperFrom: number
  /** Where it stops by itself, 0 to 1. */
  readonly targetSoc: number
  /** 0 to 1. */
  soc: number
}

export interface Charged {
  readonly energyWh: number
  /** At the end. */
  readonly powerW: number
}

/** Of the full power, when the battery is full. */
const TRICKLE_SHARE = 0.05
/** Long times are charged in steps of this, because the power depends on the state of charge. */
const STEP_S = 30
/** IEC 61851: a car can't be offered less than 6 A. */
export const OFFER_MIN_W = 1380

export function acceptedPowerW(car: Car): number {
  if (car.soc >= car.targetSoc) return 0
  if (car.soc <= car.taperFrom) return car.powerMaxW
  const over = (car.soc - car.taperFrom) / (1 - car.taperFrom)
  return car.powerMaxW * (1 - over * (1 - TRICKLE_SHARE))
}

/** Charges `car` for so long, with at most `limitW`; changes its state of charge. */
export function charge(car: Car, seconds: number, limitW: number): Charged {
  const offeredW = limitW < OFFER_MIN_W ? 0 : limitW
  let energyWh = 0
  for (let left = seconds; left > 0; left -= STEP_S) {
    const powerW = Math.min(offeredW, acceptedPowerW(car))
    if (powerW === 0) break
    const missingWh = (car.targetSoc - car.soc) * car.batteryWh
    const stepWh = Math.min(missingWh, (powerW * Math.min(STEP_S, left)) / 3600)
    energyWh += stepWh
    // Not soc + share of it: rounding would leave a car at 79.99… % for ever.
    car.soc = stepWh >= missingWh ? car.targetSoc : car.soc + stepWh / car.batteryWh
  }
  return { energyWh, powerW: Math.min(offeredW, acceptedPowerW(car)) }
}
