import { type Car, charge } from './curve.ts'
import type { Charger } from './profiles.ts'
import type { Scheduler } from './scheduler.ts'
import type { Reading } from './transaction.ts'

/** The meter of an EVSE: what has gone through it, and what goes through it now. */
export class Meter {
  powerW = 0
  readonly #scheduler: Scheduler
  #energyWh: number
  #countedAt = 0

  constructor(scheduler: Scheduler, energyWh: number) {
    this.#scheduler = scheduler
    this.#energyWh = energyWh
  }

  /** Whole watt hours, as meters have it. */
  get energyWh(): number {
    return Math.round(this.#energyWh)
  }

  start(): void {
    this.#countedAt = this.#scheduler.now()
  }

  stop(): void {
    this.powerW = 0
  }

  /** Up to now; changes the car's state of charge. */
  count(car: Car, limitW: number): void {
    const seconds = this.#scheduler.secondsSince(this.#countedAt)
    this.#countedAt = this.#scheduler.now()
    const { energyWh, powerW } = charge(car, seconds, limitW)
    this.#energyWh += energyWh
    this.powerW = powerW
  }

  /** `car` undefined: none is plugged in. */
  read({ voltageV, phases }: Charger, offeredW: number, car: Car | undefined): Reading {
    return {
      at: this.#scheduler.now(),
      energyWh: this.energyWh,
      powerW: Math.round(this.powerW),
      currentA: Math.round((this.powerW / (voltageV * phases)) * 10) / 10,
      voltageV,
      offeredW: Math.round(offeredW),
      soc: car === undefined ? undefined : Math.round(car.soc * 100),
    }
  }
}
