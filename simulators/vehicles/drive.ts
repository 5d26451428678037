import type { Random } from '../random.ts'
import type { VehicleIdentity } from './identity.ts'
import type { Incident } from './incidents.ts'
import type { Reading, TripSummary } from './messages.ts'
import { Meter } from './meter.ts'
import {
  advanceMotion,
  burnFuelMl,
  hasArrived,
  loadedOilTempF,
  type Motion,
  warmOilF,
} from './physics.ts'
import { at, findSegment, type Place, placeAt, type Route, turnDeg } from './route.ts'
import { type DrivingStyle, type SpeedLimits, styleOf } from './speed-limits.ts'

/** What a car carries from one trip to the next. */
export interface CarState {
  odometerKm: number
  fuelLitres: number
  oilTempF: number
  /** Until then, simulated seconds, the oil heads for `oilHotF`. */
  oilHotUntilS: number
  oilHotF: number
  /** Until then, simulated seconds, something is in the way. */
  brakeUntilS: number
  traffic: number
}

export interface DriveOptions {
  readonly tripId: string
  readonly route: Route
  readonly limits: SpeedLimits
  readonly startOffsetM: number
  readonly startedAtMs: number
  readonly startedAtS: number
  readonly incidents: readonly Incident[]
}

const OIL_HEATING_LAG_S = 22
const OIL_COOLING_LAG_S = 50
const NEVER_EMPTY_LITRES = 0.5

/** One trip of one car, from start to end of a route. */
export class Drive {
  readonly route: Route
  readonly tripId: string
  readonly #options: DriveOptions
  readonly #identity: VehicleIdentity
  readonly #car: CarState
  readonly #style: DrivingStyle
  readonly #motion: Motion
  readonly #start: Place
  readonly #meter = new Meter()
  #nextIncident = 0
  #distanceM = 0
  #fuelMl = 0

  constructor(identity: VehicleIdentity, car: CarState, options: DriveOptions) {
    const { route, startOffsetM, tripId } = options
    this.route = route
    this.tripId = tripId
    this.#options = options
    this.#identity = identity
    this.#car = car
    this.#style = styleOf(route.profile)
    const segment = findSegment(route, startOffsetM)
    this.#motion = { offsetM: startOffsetM, segment, speedMps: 0 }
    this.#start = this.place()
  }

  get arrived(): boolean {
    return hasArrived(this.#motion, this.route)
  }

  place(): Place {
    return placeAt(this.route, this.#motion.offsetM, this.#motion.segment)
  }

  /** Drives on for a physics step; returns the incidents passed. */
  advance(clockS: number, seconds: number): Incident[] {
    const car = this.#car
    const headingBefore = at(this.route.headingsDeg, this.#motion.segment)
    const conditions = {
      style: this.#style,
      limits: this.#options.limits,
      traffic: car.traffic,
      emergency: clockS < car.brakeUntilS,
    }
    const movement = advanceMotion(this.#motion, this.route, conditions, seconds)
    const { speedMps, segment } = this.#motion
    const turn = turnDeg(headingBefore, at(this.route.headingsDeg, segment))
    this.#meter.add(speedMps, movement.accelerationMps2, turn, seconds)

    const fuelMl = burnFuelMl(movement, speedMps, this.#identity.thirst, seconds)
    this.#fuelMl += fuelMl
    this.#distanceM += movement.distanceM
    car.odometerKm += movement.distanceM / 1000
    car.fuelLitres = Math.max(NEVER_EMPTY_LITRES, car.fuelLitres - fuelMl / 1000)
    const hot = clockS < car.oilHotUntilS
    const target = hot ? car.oilHotF : loadedOilTempF(this.#identity.oilBaseF, speedMps)
    const lagS = hot || target > car.oilTempF ? OIL_HEATING_LAG_S : OIL_COOLING_LAG_S
    car.oilTempF = warmOilF(car.oilTempF, target, lagS, seconds)
    return this.#passIncidents()
  }

  /** What the car reports now; the values since the last report are used up. */
  read(random: Random): Reading {
    const arrived = this.arrived
    const speedMps = arrived ? 0 : this.#motion.speedMps
    return {
      ...this.#meter.take(speedMps),
      tripId: this.tripId,
      routeName: this.route.name,
      place: this.place(),
      speedKmh: speedMps * 3.6,
      odometerKm: this.#car.odometerKm,
      fuelLitres: this.#car.fuelLitres,
      tripFuelMl: this.#fuelMl,
      // The sensor trembles a little.
      oilTempF: this.#car.oilTempF + random.between(-0.4, 0.4),
      satellites: random.integer(7, 12),
      ignition: arrived ? 'off' : 'run',
    }
  }

  summarize(clockS: number): TripSummary {
    return {
      tripId: this.tripId,
      startedAtMs: this.#options.startedAtMs,
      durationMs: Math.round((clockS - this.#options.startedAtS) * 1000),
      distanceKm: this.#distanceM / 1000,
      fuelMl: this.#fuelMl,
      start: this.#start,
      end: this.place(),
    }
  }

  #passIncidents(): Incident[] {
    const passed: Incident[] = []
    for (;;) {
      const incident = this.#options.incidents[this.#nextIncident]
      if (incident === undefined || incident.offsetM > this.#motion.offsetM) return passed
      passed.push(incident)
      this.#nextIncident++
    }
  }
}
