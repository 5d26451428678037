import type { VehicleView } from '../domain/vehicle.ts'
import type { VehicleFilter } from '../ports/fleet-index.ts'
import { compileFilter } from './matches-filter.ts'
import type { Units } from './units.ts'

/** Where the events of one stream go: a response, or something like it. */
export interface LiveSink {
  write(text: string): void
  /** Bytes written that have not left this process. */
  bufferedBytes(): number
  /** Sends what is written, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface LiveSubscription {
  readonly filter: VehicleFilter
  readonly units: Units
  /** Epoch milliseconds; then the stream ends. */
  readonly expiresAt: number
  readonly sink: LiveSink
}

/** What became of one vehicle since the flush before. */
export interface LiveChange {
  readonly vin: string
  /** Undefined: deleted. */
  readonly now: VehicleView | undefined
  /** Every earlier state that a client may have seen; undefined: not known. */
  readonly before: readonly (VehicleView | undefined)[]
}

export type RenderLive = (view: VehicleView, units: Units) => string

/** Above this nothing more is written until the reader has caught up. */
export const BUFFERED_MAX_BYTES = 262_144
/** Vehicles that wait for a slow reader; beyond it the reader has to load anew. */
export const WAITING_MAX = 5000
const VEHICLES_PER_EVENT = 200

/** One open stream: what it still has to be told, and how much its reader can take. */
export class LiveClient {
  readonly expiresAt: number
  readonly #subscription: LiveSubscription
  readonly #matches: (view: VehicleView) => boolean
  readonly #render: RenderLive
  readonly #onResync: () => void
  /** VIN → its newest state, or undefined where it has left the filter. */
  readonly #waiting = new Map<string, VehicleView | undefined>()
  #mustResync = false

  constructor(subscription: LiveSubscription, render: RenderLive, onResync: () => void) {
    this.#subscription = subscription
    this.expiresAt = subscription.expiresAt
    this.#matches = compileFilter(subscription.filter)
    this.#render = render
    this.#onResync = onResync
  }

  offer({ vin, now, before }: LiveChange): void {
    if (this.#mustResync) return
    if (now !== undefined && this.#matches(now)) this.#wait(vin, now)
    else if (this.#waiting.has(vin) || before.some((view) => this.#mayHaveMatched(view))) {
      this.#wait(vin, undefined)
    }
  }

  #mayHaveMatched(view: VehicleView | undefined): boolean {
    return view === undefined || this.#matches(view)
  }

  #wait(vin: string, view: VehicleView | undefined): void {
    this.#waiting.set(vin, view)
    if (this.#waiting.size >= VEHICLES_PER_EVENT) this.pump()
    if (this.#waiting.size <= WAITING_MAX) return
    this.#waiting.clear()
    this.#mustResync = true
    this.#onResync()
  }

  /** Writes what waits, as far as the reader can take it. */
  pump(): void {
    if (this.#isBlocked()) return
    if (this.#mustResync) {
      this.#mustResync = false
      this.send('resync', { reason: 'the reader was too slow: load the vehicles anew' })
    }
    while (this.#waiting.size > 0 && !this.#isBlocked()) this.#sendVehicles()
  }

  #sendVehicles(): void {
    const vehicles: string[] = []
    const left: string[] = []
    for (const [vin, view] of this.#waiting) {
      this.#waiting.delete(vin)
      if (view === undefined) left.push(vin)
      else vehicles.push(this.#render(view, this.#subscription.units))
      if (vehicles.length + left.length === VEHICLES_PER_EVENT) break
    }
    const data = `{"vehicles":[${vehicles.join(',')}],"left":${JSON.stringify(left)}}`
    this.#subscription.sink.write(`event: vehicles\ndata: ${data}\n\n`)
  }

  send(event: string, data: object): void {
    this.#subscription.sink.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** Keeps proxies from closing a quiet stream, and tells a dead connection from a quiet one. */
  beat(): void {
    if (!this.#isBlocked()) this.#subscription.sink.write(': still here\n\n')
  }

  /** Says good-bye. A reader that doesn't read is not waited for. */
  end(reason: string): void {
    const { sink } = this.#subscription
    if (this.#isBlocked()) {
      sink.destroy()
      return
    }
    this.pump()
    this.send('bye', { reason })
    sink.end()
  }

  #isBlocked(): boolean {
    return this.#subscription.sink.bufferedBytes() > BUFFERED_MAX_BYTES
  }
}
