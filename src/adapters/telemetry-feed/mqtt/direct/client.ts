import { backoffMs } from '../../../../lib/backoff.ts'
import {
  type MqttClient,
  type MqttClientListener,
  RECONNECT_MAX_MS,
  RECONNECT_MIN_MS,
  STABLE_MS,
} from '../client.ts'
import { describeLinkEnding, describeLinkFailure } from './describe-end.ts'
import { Link, type LinkEnd, type LinkSettings } from './link.ts'

/** The random half of a wait is on top of the least one. */
const RETRY = { baseMs: 2 * RECONNECT_MIN_MS, maxMs: RECONNECT_MAX_MS }

/** Keeps one link to the broker, until it is stopped. */
export class DirectClient implements MqttClient {
  readonly #settings: LinkSettings
  readonly #listener: MqttClientListener
  #link: Link | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopping = false
  /** Connects since the last connection that lasted. */
  #attempts = 0
  #connectedAt: number | undefined

  constructor(settings: LinkSettings, listener: MqttClientListener) {
    this.#settings = settings
    this.#listener = listener
  }

  start(): void {
    this.#isStopping = false
    this.#connect()
  }

  stop({ endsSession }: { readonly endsSession: boolean }): void {
    this.#isStopping = true
    clearTimeout(this.#timer)
    if (this.#link === undefined) setImmediate(() => this.#listener.onStopped())
    else this.#link.end(endsSession)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#link?.destroy()
  }

  async subscribe(filters: readonly string[]): Promise<readonly number[]> {
    return this.#connected().subscribe(filters)
  }

  async unsubscribe(filters: readonly string[]): Promise<readonly number[]> {
    return this.#connected().unsubscribe(filters)
  }

  acknowledge(ticket: number): void {
    this.#link?.acknowledge(ticket)
  }

  goOn(): void {
    this.#link?.goOn()
  }

  #connected(): Link {
    if (this.#link === undefined || this.#connectedAt === undefined) {
      throw new Error('there is no connection')
    }
    return this.#link
  }

  #connect(): void {
    this.#attempts += 1
    this.#link = new Link(this.#settings, {
      onConnected: (isResumed) => {
        this.#connectedAt = performance.now()
        this.#listener.onConnected(isResumed)
      },
      onMessage: (topic, payload, packetId) => {
        this.#listener.onMessage(topic, payload, packetId)
      },
      mayTake: () => this.#listener.mayTake(),
      onEnd: (end) => this.#ended(end),
    })
  }

  #ended(end: LinkEnd): void {
    const connectedAt = this.#connectedAt
    const wasStopping = this.#isStopping
    this.#link = undefined
    this.#connectedAt = undefined
    if (connectedAt !== undefined) {
      if (performance.now() - connectedAt > STABLE_MS) this.#attempts = 1
      this.#listener.onDisconnected(describeLinkEnding(end))
    } else if (!this.#isStopping) {
      this.#listener.onNotConnected(describeLinkFailure(end))
    }
    // Whoever was told may have stopped it.
    if (wasStopping) this.#listener.onStopped()
    else if (!this.#isStopping) {
      this.#timer = setTimeout(() => this.#connect(), backoffMs(this.#attempts, RETRY))
    }
  }
}
