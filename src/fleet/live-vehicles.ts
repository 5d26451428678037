import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../domain/clock.ts'
import { publicError } from '../domain/errors.ts'
import type { VehicleView } from '../domain/vehicle.ts'
import type { Metrics } from '../http/metrics.ts'
import { type LiveChange, LiveClient, type LiveSubscription } from './live-client.ts'
import { renderVehicle } from './render-vehicle.ts'
import type { Units } from './units.ts'

// What passes through here: changed vehicles from ingest → gathered by VIN until the next flush →
// each open stream's filter → its events. A vehicle that changes ten times between two flushes is
// sent once, and rendered once for all streams of the same units.

export interface LiveVehiclesOptions {
  readonly intervalMs: number
  readonly clientsMax: number
  readonly metrics: Metrics
  readonly clock: Clock
  readonly heartbeatIntervalMs?: number
}

export interface LiveVehicles {
  /**
   * Vehicles whose visible state changed, after the change is durable; costs one map entry each.
   * Give it the whole fleet once at start: a vehicle whose earlier state is not known is reported
   * as left to every stream that it doesn't match.
   */
  changed(views: readonly VehicleView[], deletedVins?: readonly string[]): void
  /**
   * Begins with the event `ready`. Returns how to end the stream from outside.
   * @throws FleetgridError `unavailable` when too many are open, or after `close`
   */
  subscribe(subscription: LiveSubscription): () => void
  /** Says good-bye to every stream; no new ones. */
  close(): void
}

const HEARTBEAT_INTERVAL_MS = 15_000
/** One flush holds the main thread for no longer than this at a time. */
const TURN_MS = 5
/** Changes looked at before the clock is. */
const STEP = 100
/** Earlier states kept of one vehicle between two flushes; a further one counts as not known. */
const BEFORE_MAX = 4

export function createLiveVehicles(options: LiveVehiclesOptions): LiveVehicles {
  return new LiveVehiclesHub(options)
}

interface Pending {
  now: VehicleView | undefined
  before: (VehicleView | undefined)[]
}

class LiveVehiclesHub implements LiveVehicles {
  readonly #options: LiveVehiclesOptions
  readonly #clients = new Set<LiveClient>()
  /** The newest state of each vehicle: what tells whether it matched before it changed. */
  readonly #latest = new Map<string, VehicleView>()
  #pending = new Map<string, Pending>()
  #timers: NodeJS.Timeout[] = []
  #isFlushing = false
  #isClosed = false

  constructor(options: LiveVehiclesOptions) {
    this.#options = options
  }

  changed(views: readonly VehicleView[], deletedVins: readonly string[] = []): void {
    if (this.#isClosed) return
    for (const view of views) this.#note(view.vin, view)
    for (const vin of deletedVins) this.#note(vin, undefined)
  }

  #note(vin: string, now: VehicleView | undefined): void {
    if (this.#clients.size > 0) {
      const before = this.#latest.get(vin)
      const pending = this.#pending.get(vin)
      if (pending === undefined) this.#pending.set(vin, { now, before: [before] })
      else {
        pending.now = now
        if (pending.before.length < BEFORE_MAX) pending.before.push(before)
        else pending.before = [undefined]
      }
    }
    if (now === undefined) this.#latest.delete(vin)
    else this.#latest.set(vin, now)
  }

  subscribe(subscription: LiveSubscription): () => void {
    const { clientsMax, metrics, intervalMs } = this.#options
    if (this.#isClosed) throw publicError('unavailable', 'This instance is stopping')
    if (this.#clients.size >= clientsMax) {
      throw publicError('unavailable', `All ${clientsMax} live streams of this instance are taken`)
    }
    const client = new LiveClient(subscription, this.#render, () => metrics.streamResyncs.inc())
    subscription.sink.write(`retry: ${Math.max(1000, intervalMs)}\n`)
    client.send('ready', { intervalMs })
    this.#clients.add(client)
    metrics.streamClients.set(this.#clients.size)
    if (this.#timers.length === 0) this.#startTimers()
    return () => this.#remove(client)
  }

  #remove(client: LiveClient): void {
    if (!this.#clients.delete(client)) return
    this.#options.metrics.streamClients.set(this.#clients.size)
    if (this.#clients.size === 0) this.#stopTimers()
  }

  #startTimers(): void {
    const { intervalMs, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = this.#options
    const beat = (): void => {
      for (const client of this.#clients) client.beat()
    }
    this.#timers = [
      setInterval(() => void this.#flush(), intervalMs),
      setInterval(beat, heartbeatIntervalMs),
    ]
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#pending.clear()
  }

  /** In turns, so that many changes for many streams don't stall other sockets. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return
    this.#isFlushing = true
    try {
      await this.#flushChanges()
    } finally {
      this.#rendered.imperial.clear()
      this.#rendered.metric.clear()
      this.#isFlushing = false
    }
  }

  async #flushChanges(): Promise<void> {
    const changes = [...this.#pending].map(([vin, change]): LiveChange => ({ vin, ...change }))
    this.#pending = new Map()
    let turnEndsAt = performance.now() + TURN_MS
    for (const client of [...this.#clients]) {
      for (let index = 0; index < changes.length; index += STEP) {
        if (!this.#clients.has(client)) break
        for (const change of changes.slice(index, index + STEP)) client.offer(change)
        if (performance.now() < turnEndsAt) continue
        await nextTurn()
        turnEndsAt = performance.now() + TURN_MS
      }
      if (this.#clients.has(client)) this.#finishTurnOf(client)
    }
  }

  #finishTurnOf(client: LiveClient): void {
    if (client.expiresAt > this.#options.clock.now()) {
      client.pump()
      return
    }
    this.#remove(client)
    client.end('the token has expired')
  }

  readonly #rendered: Record<Units, Map<VehicleView, string>> = {
    imperial: new Map(),
    metric: new Map(),
  }

  readonly #render = (view: VehicleView, units: Units): string => {
    const cache = this.#rendered[units]
    let text = cache.get(view)
    if (text === undefined) {
      text = JSON.stringify(renderVehicle(view, units))
      cache.set(view, text)
    }
    return text
  }

  close(): void {
    this.#isClosed = true
    for (const client of this.#clients) {
      this.#clients.delete(client)
      client.end('this instance is stopping: connect again')
    }
    this.#options.metrics.streamClients.set(0)
    this.#stopTimers()
    this.#latest.clear()
  }
}
