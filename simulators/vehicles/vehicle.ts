import { createRandom, hashToId, type Random } from '../random.ts'
import { type CarState, Drive } from './drive.ts'
import type { VehicleIdentity } from './identity.ts'
import {
  EVENT_MEAN_S,
  HARSH_BRAKING,
  HOT_OIL_HIGHEST_F,
  HOT_OIL_LOWEST_F,
  type Incident,
  pickAlert,
  planIncidents,
  TROUBLE_CODES,
  VIDEO_EVENTS,
} from './incidents.ts'
import {
  composeBodyEvent,
  composeCardata,
  composeDtc,
  composeTrip,
  composeVideoEvent,
  type Outgoing,
} from './messages.ts'
import { driftTraffic, PHYSICS_STEP_S, warmOilF } from './physics.ts'
import type { Route } from './route.ts'
import type { RouteCatalog } from './route-catalog.ts'

export interface VehicleOptions {
  readonly identity: VehicleIdentity
  /** Every choice of this vehicle follows from it and from the moments of its steps. */
  readonly seed: string
  readonly catalog: RouteCatalog
  readonly firstRoute: Route
  /** Where on it the first trip begins. */
  readonly startOffsetM: number
  /** Simulated seconds in a second of the wall clock. */
  readonly speedup: number
}

/** A machine that was asleep does not catch up for longer than this. */
const MAX_STEP_S = 600
const GARAGE_TEMP_F = 150
const REFUEL_BELOW_SHARE = 0.2

/**
 * A vehicle: drives a route, reports, rests, drives on. No clock and no chance of its own: equal
 * options and equal moments of `step` give equal messages.
 */
export class Vehicle {
  readonly identity: VehicleIdentity
  readonly #options: VehicleOptions
  readonly #random: Random
  readonly #car: CarState
  #drive: Drive | undefined
  #nextRoute: Route
  #startOffsetM: number
  #parkedUntilS = 0
  #clockS = 0
  #nextEventS: number
  #clearingsS: number[] = []
  #steppedAtMs: number | undefined
  #stampMs = 0
  #tripCount = 0

  constructor(options: VehicleOptions) {
    const { identity, seed } = options
    this.identity = identity
    this.#options = options
    this.#random = createRandom(`${seed}/driving/${identity.vin}`)
    this.#nextRoute = options.firstRoute
    this.#startOffsetM = options.startOffsetM
    this.#nextEventS = this.#random.waitingTime(EVENT_MEAN_S)
    this.#car = {
      odometerKm: identity.initialOdometerKm,
      fuelLitres: identity.tankLitres * this.#random.between(0.3, 1),
      oilTempF: identity.oilBaseF - this.#random.between(0, 40),
      oilHotUntilS: 0,
      oilHotF: 0,
      brakeUntilS: 0,
      traffic: 1,
    }
  }

  /** Strictly increasing: a vehicle never gives two messages the same identity. */
  stamp(nowMs: number): number {
    this.#stampMs = Math.max(Math.floor(nowMs), this.#stampMs + 1)
    return this.#stampMs
  }

  /** Lives on until `nowMs` (wall clock) and returns what it has to say, oldest first. */
  step(nowMs: number): Outgoing[] {
    const messages: Outgoing[] = []
    const sinceMs = this.#steppedAtMs === undefined ? 0 : nowMs - this.#steppedAtMs
    this.#steppedAtMs = nowMs
    const seconds = Math.min(MAX_STEP_S, Math.max(0, (sinceMs / 1000) * this.#options.speedup))
    const untilS = this.#clockS + seconds
    this.#car.traffic = driftTraffic(this.#car.traffic, 0.95, this.#random.between(-1, 1), seconds)
    if (this.#clockS >= this.#parkedUntilS) this.#drive ??= this.#startDrive(nowMs)
    while (this.#clockS < untilS) {
      if (this.#drive === undefined) this.#rest(untilS, nowMs)
      else this.#driveOn(this.#drive, untilS, nowMs, messages)
    }
    this.#reportDue(nowMs, messages)
    if (this.#drive !== undefined) this.#report(this.#drive, nowMs, messages)
    return messages
  }

  #startDrive(nowMs: number): Drive {
    const route = this.#nextRoute
    const startOffsetM = this.#startOffsetM
    this.#tripCount++
    return new Drive(this.identity, this.#car, {
      // Of the moment too: the same seed started again drives new trips, not the old ones again.
      tripId: hashToId(`${this.identity.vin}/${Math.floor(nowMs)}/${this.#tripCount}`, 9),
      route,
      limits: this.#options.catalog.limitsOf(route),
      startOffsetM,
      startedAtMs: nowMs,
      startedAtS: this.#clockS,
      incidents: planIncidents(route, startOffsetM, this.#random),
    })
  }

  #rest(untilS: number, nowMs: number): void {
    const wakeS = Math.min(untilS, this.#parkedUntilS)
    const car = this.#car
    car.oilTempF = warmOilF(car.oilTempF, GARAGE_TEMP_F, 3600, wakeS - this.#clockS)
    this.#clockS = wakeS
    if (wakeS >= this.#parkedUntilS) this.#drive = this.#startDrive(nowMs)
  }

  #driveOn(drive: Drive, untilS: number, nowMs: number, messages: Outgoing[]): void {
    const seconds = Math.min(PHYSICS_STEP_S, untilS - this.#clockS)
    for (const incident of drive.advance(this.#clockS, seconds)) {
      this.#meet(incident, drive, nowMs, messages)
    }
    // Not clock + seconds: a last step of rounding dust would never end.
    this.#clockS = seconds < PHYSICS_STEP_S ? untilS : this.#clockS + seconds
    if (drive.arrived) this.#finishDrive(drive, nowMs, messages)
  }

  #finishDrive(drive: Drive, nowMs: number, messages: Outgoing[]): void {
    this.#report(drive, nowMs, messages)
    messages.push(composeTrip(this.identity, drive.summarize(this.#clockS), this.stamp(nowMs)))
    this.#drive = undefined
    this.#parkedUntilS = this.#clockS + this.#random.between(30, 180)
    this.#nextRoute = this.#random.pick(this.#options.catalog.nextRoutes(drive.route))
    this.#startOffsetM = 0
    const { tankLitres } = this.identity
    if (this.#car.fuelLitres < tankLitres * REFUEL_BELOW_SHARE) this.#car.fuelLitres = tankLitres
  }

  #report(drive: Drive, nowMs: number, messages: Outgoing[]): void {
    const reading = drive.read(this.#random)
    messages.push(composeCardata(this.identity, reading, this.stamp(nowMs)))
  }

  #meet(incident: Incident, drive: Drive, nowMs: number, messages: Outgoing[]): void {
    const random = this.#random
    const car = this.#car
    if (incident.type === 'dtc') {
      messages.push(composeDtc(this.identity, random.pick(TROUBLE_CODES), this.stamp(nowMs)))
      if (random.chance(0.6)) this.#clearingsS.push(this.#clockS + random.between(120, 600))
    } else if (incident.type === 'oiltemp') {
      car.oilHotUntilS = this.#clockS + random.between(90, 240)
      car.oilHotF = random.between(HOT_OIL_LOWEST_F, HOT_OIL_HIGHEST_F)
    } else if (incident.type === 'brake') {
      car.brakeUntilS = this.#clockS + random.between(2, 4)
      this.#film(HARSH_BRAKING, drive, nowMs, messages)
    }
  }

  /** Clearings and chance events whose time has come. */
  #reportDue(nowMs: number, messages: Outgoing[]): void {
    if (this.#clearingsS.some((dueS) => dueS <= this.#clockS)) {
      this.#clearingsS = this.#clearingsS.filter((dueS) => dueS > this.#clockS)
      messages.push(composeDtc(this.identity, '', this.stamp(nowMs)))
    }
    if (this.#nextEventS > this.#clockS) return
    this.#nextEventS = this.#clockS + this.#random.waitingTime(EVENT_MEAN_S)
    if (this.#drive !== undefined && this.#random.chance(0.5)) {
      this.#film(this.#random.pick(VIDEO_EVENTS), this.#drive, nowMs, messages)
    } else {
      const alert = pickAlert(this.#random)
      messages.push(composeBodyEvent(this.identity, alert, this.stamp(nowMs)))
    }
  }

  #film(
    kind: { readonly name: string; readonly id: number },
    drive: Drive,
    nowMs: number,
    messages: Outgoing[],
  ): void {
    const recordingId = this.#random.text('0123456789abcdef', 12)
    const event = { ...kind, at: drive.place(), recordingId }
    messages.push(composeVideoEvent(this.identity, event, this.stamp(nowMs)))
  }
}
