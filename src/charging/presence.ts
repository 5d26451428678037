import type { ChargePoints } from '../ports/charge-points.ts'
import type { Signals } from '../ports/signals.ts'
import type { ChargePointChannel, ChargePointSession } from './session.ts'

// What the store and other instances know of who is connected here. A charge point has one connection
// in all instances, the newest; when it has gone over to another instance, that one tells the one it
// came from, which may not have noticed.

const MOVED = 'charge-point-moved'

/** Who is connected to this instance. */
export interface ConnectedHere {
  get(chargePointId: string): ChargePointChannel | undefined
  sessions(): Iterable<ChargePointSession>
}

export interface PresenceOptions {
  readonly chargePoints: ChargePoints
  readonly connected: ConnectedHere
  readonly signals: Signals
  readonly instance: string
  readonly clock: { now(): number }
  /** Last signs of life are written so often. */
  readonly flushIntervalMs: number
  /** What could not be told; for a log line. */
  readonly onFailure: (what: string, error: unknown) => void
}

export class Presence {
  readonly #options: PresenceOptions
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #flushedAt: number

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#flushedAt = options.clock.now()
  }

  start(): void {
    this.#unsubscribe = this.#options.signals.subscribe(MOVED, (payload) => this.#moved(payload))
    this.#timer = setInterval(() => void this.flush(), this.#options.flushIntervalMs).unref()
  }

  stop(): void {
    this.#unsubscribe?.()
    clearInterval(this.#timer)
  }

  joined({ session }: ChargePointChannel, previousInstance: string | undefined): void {
    const { id, epoch } = session
    const { signals, instance, onFailure } = this.#options
    if (previousInstance === undefined || previousInstance === instance) return
    signals
      .publish(MOVED, `${epoch} ${id}`)
      .catch((error) => onFailure(`telling that ${id} has moved here`, error))
  }

  left({ session }: { readonly session: ChargePointSession }): void {
    const { id, epoch } = session
    const { chargePoints, clock, onFailure } = this.#options
    chargePoints
      .disconnected(id, epoch, clock.now())
      .catch((error) => onFailure(`noting that ${id} has left`, error))
  }

  /** One statement for all that have shown signs of life since the last time. */
  async flush(): Promise<void> {
    const { chargePoints, connected, clock, onFailure } = this.#options
    const since = this.#flushedAt
    const at = clock.now()
    const signs = new Map<string, number>()
    for (const { id, lastSeenAt } of connected.sessions()) {
      if (lastSeenAt >= since) signs.set(id, lastSeenAt)
    }
    if (signs.size === 0) return
    try {
      await chargePoints.seen(signs)
      this.#flushedAt = at
    } catch (error) {
      onFailure('writing when charge points were last seen', error)
    }
  }

  #moved(payload: string): void {
    const space = payload.indexOf(' ')
    const epoch = Number(payload.slice(0, space))
    const channel = this.#options.connected.get(payload.slice(space + 1))
    if (channel !== undefined && channel.session.epoch < epoch) {
      channel.close('it is connected to another instance')
    }
  }
}
