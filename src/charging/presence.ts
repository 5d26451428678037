import type { ChargePointSettings } from '../domain/charge-point.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { Signals } from '../ports/signals.ts'
import type { ChargePointChannel, ChargePointSession } from './session.ts'

// What the store and other instances know of who is connected here. A charge point has one connection
// in all instances, the newest; when it has gone over to another instance, that one tells the one it
// came from, which may not have noticed. What an operator decides is told to all of them.

const MOVED = 'charge-point-moved'
const TURNED_AWAY = 'charge-point-turned-away'
const CHANGED = 'charge-point-changed'

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
  /** Settings of a charge point are different now. */
  readonly onSettings: (chargePointId: string, settings: ChangedSettings) => void
  /** It may not work any more: its connection here, or a handshake under way, has to end. */
  readonly onTurnedAway: (chargePointId: string, reason: string) => void
  /** What could not be told; for a log line. */
  readonly onFailure: (what: string, error: unknown) => void
}

export type ChangedSettings = Pick<ChargePointSettings, 'registration' | 'leniency'>

export class Presence {
  readonly #options: PresenceOptions
  /** Connections that have ended while the store was away; told when it is back. */
  readonly #left = new Map<string, { readonly epoch: number; readonly at: number }>()
  #unsubscribe: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #flushedAt: number
  #flushing: Promise<void> | undefined

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#flushedAt = options.clock.now()
  }

  start(): void {
    const { signals } = this.#options
    this.#unsubscribe = [
      signals.subscribe(MOVED, (payload) => this.#moved(payload)),
      signals.subscribe(TURNED_AWAY, (id) => this.#close(id)),
      signals.subscribe(CHANGED, (id) => void this.#apply(id)),
    ]
    this.#timer = setInterval(() => void this.flush(), this.#options.flushIntervalMs).unref()
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    clearInterval(this.#timer)
  }

  joined({ session }: ChargePointChannel, previousInstance: string | undefined): void {
    const { id, epoch } = session
    this.#left.delete(id)
    if (previousInstance === undefined || previousInstance === this.#options.instance) return
    this.#publish(MOVED, `${epoch} ${id}`)
  }

  /**
   * @param previousInstance of one that was gone before it was here: of an older connection, which may
   *   be alive, nothing is stored any more, so it has to come again
   */
  left(
    { session }: { readonly session: ChargePointSession },
    previousInstance?: string | undefined,
  ): void {
    const { id, epoch } = session
    this.#moved(`${epoch} ${id}`)
    if (previousInstance !== undefined && previousInstance !== this.#options.instance) {
      this.#publish(MOVED, `${epoch} ${id}`)
    }
    void this.#noteLeft(id, { epoch, at: this.#options.clock.now() })
  }

  /** It is gone, or may not work any more: whoever has its connection closes it. */
  turnAway(chargePointId: string): void {
    this.#close(chargePointId)
    this.#publish(TURNED_AWAY, chargePointId)
  }

  /** Whoever has its connection goes by its settings as they are stored now. */
  changed(chargePointId: string): void {
    this.#publish(CHANGED, chargePointId)
    void this.#apply(chargePointId)
  }

  /** One statement for all that have shown signs of life since the last time. Joins one under way. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #flush(): Promise<void> {
    const { chargePoints, connected, clock, onFailure } = this.#options
    await Promise.all([...this.#left].map(([id, left]) => this.#noteLeft(id, left)))
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

  async #noteLeft(id: string, left: { readonly epoch: number; readonly at: number }) {
    const { chargePoints, onFailure } = this.#options
    try {
      await chargePoints.disconnected(id, left.epoch, left.at)
      if (this.#left.get(id) === left) this.#left.delete(id)
    } catch (error) {
      // Of no effect once it is connected again, whoever tells it.
      this.#left.set(id, left)
      onFailure('noting that charge points have left', error)
    }
  }

  #moved(payload: string): void {
    const space = payload.indexOf(' ')
    const epoch = Number(payload.slice(0, space))
    const channel = this.#options.connected.get(payload.slice(space + 1))
    if (channel !== undefined && channel.session.epoch < epoch) {
      channel.close('it has connected again, or to another instance')
    }
  }

  #close(chargePointId: string): void {
    this.#options.onTurnedAway(chargePointId, 'its settings have changed')
  }

  async #apply(chargePointId: string): Promise<void> {
    const { chargePoints, onSettings, onFailure } = this.#options
    try {
      const found = await chargePoints.find(chargePointId)
      if (found !== undefined) onSettings(chargePointId, found)
    } catch (error) {
      onFailure('reading settings that have changed', error)
    }
  }

  #publish(channel: string, payload: string): void {
    const { signals, onFailure } = this.#options
    signals
      .publish(channel, payload)
      .catch((error) => onFailure(`telling other instances (${channel})`, error))
  }
}
