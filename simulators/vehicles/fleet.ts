import type { Counts } from './counts.ts'
import type { Outgoing } from './messages.ts'
import { type Channel, createChannel } from './outbox.ts'
import { listProvisioningSteps, type ProvisioningStep } from './provisioning.ts'
import type { Vehicle } from './vehicle.ts'

/** Drives all vehicles from one loop, each at its own moment of the interval. */

/** What the fleet needs of a connection. */
export interface Link {
  readonly isOnline: boolean
  hasRoom(channel: Channel): boolean
  send(channel: Channel, message: Outgoing, settle?: (acknowledged: boolean) => void): void
}

export interface FleetClock {
  /** Epoch milliseconds, for time stamps. */
  wallMs(): number
  /** Never jumps, for the rhythm. */
  steadyMs(): number
}

interface Member {
  readonly vehicle: Vehicle
  readonly link: Link
  readonly channel: Channel
  readonly steps: readonly ProvisioningStep[]
  provisioned: number
  /** A provisioning message is on its way. */
  waiting: boolean
}

export interface FleetOptions {
  readonly vehicles: readonly { readonly vehicle: Vehicle; readonly link: Link }[]
  /** Wall-clock time between two reports of a vehicle. */
  readonly tickMs: number
  readonly clock: FleetClock
  readonly counts: Counts
}

/** Then sockets get their turn. */
const BUSY_AT_MOST_MS = 25

export class Fleet {
  readonly #members: readonly Member[]
  readonly #tickMs: number
  readonly #clock: FleetClock
  readonly #counts: Counts
  readonly #startedMs: number
  /** Counts turns: member `turn % members` is due at `turn / members` intervals after the start. */
  #turn = 0
  #driving = 0

  constructor({ vehicles, tickMs, clock, counts }: FleetOptions) {
    this.#members = vehicles.map(({ vehicle, link }) => ({
      vehicle,
      link,
      channel: createChannel(),
      steps: listProvisioningSteps(vehicle.identity),
      provisioned: 0,
      waiting: false,
    }))
    this.#tickMs = tickMs
    this.#clock = clock
    this.#counts = counts
    this.#startedMs = clock.steadyMs()
  }

  get size(): number {
    return this.#members.length
  }

  /** Vehicles whose provisioning has been acknowledged. */
  get driving(): number {
    return this.#driving
  }

  /** Gives every vehicle that is due its turn. Called often, from one timer. */
  advance(): void {
    const beganMs = this.#clock.steadyMs()
    this.#provisionWaiting()
    this.#skipMissedRounds(beganMs)
    while (this.#dueMs() <= beganMs) {
      const member = this.#members[this.#turn % this.#members.length]
      if (member === undefined) return
      this.#turn++
      this.#serve(member)
      if (this.#clock.steadyMs() - beganMs > BUSY_AT_MOST_MS) return
    }
  }

  #dueMs(): number {
    return this.#startedMs + (this.#turn * this.#tickMs) / this.#members.length
  }

  /** A machine that can't keep the rhythm reports less often; it does not fall behind for ever. */
  #skipMissedRounds(nowMs: number): void {
    const rounds = Math.floor((nowMs - this.#dueMs()) / this.#tickMs)
    if (rounds <= 0) return
    this.#turn += rounds * this.#members.length
    this.#counts.skippedTicks += rounds * this.#driving
  }

  #serve(member: Member): void {
    const { vehicle, link, channel } = member
    if (member.provisioned < member.steps.length) return
    if (!link.hasRoom(channel)) {
      this.#counts.skippedTicks++
      return
    }
    for (const message of vehicle.step(this.#clock.wallMs())) link.send(channel, message)
  }

  /** Begins as soon as there is a connection, and again where a step has failed. */
  #provisionWaiting(): void {
    if (this.#driving === this.#members.length) return
    for (const member of this.#members) {
      const isDone = member.provisioned === member.steps.length
      if (!isDone && !member.waiting && member.link.isOnline) this.#provision(member)
    }
  }

  /** Step by step: the next one when the one before is acknowledged. */
  #provision(member: Member): void {
    const step = member.steps[member.provisioned]
    if (step === undefined) {
      this.#driving++
      return
    }
    member.waiting = true
    const message = step(member.vehicle.stamp(this.#clock.wallMs()))
    member.link.send(member.channel, message, (acknowledged) => {
      member.waiting = false
      if (!acknowledged) return
      member.provisioned++
      this.#provision(member)
    })
  }
}
