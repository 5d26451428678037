import { isDoneWithin } from '../../../lib/within.ts'
import type { FeedMessage } from '../../../ports/telemetry-feed.ts'
import { type MakeClient, type MqttClient, RECONNECT_MIN_MS } from './client.ts'
import {
  type ConnectionFailure,
  describeRefusedFilters,
  type Ending,
  REFUSED_FROM,
} from './describe-failure.ts'
import { Takeovers } from './takeovers.ts'
import { type HoldBudget, Window } from './window.ts'

// One connection of one client id with a persistent session. What is delivered and not acknowledged
// stays in the session; the broker sends it again when the connection is opened anew.

export interface ConnectionOptions {
  readonly clientId: string
  readonly makeClient: MakeClient
  readonly filters: readonly string[]
  /** Messages out at a time. */
  readonly unacknowledgedMax: number
  readonly holdBudget: HoldBudget
  readonly now: () => number
  readonly deliver: (message: FeedMessage) => void
  /** Connected, and every filter is granted. The broker had a session of this client id, or hadn't. */
  readonly onReady: (isResumed: boolean) => void
  /** Lost, not made, or not granted; it is tried again. */
  readonly onFailed: (failure: ConnectionFailure) => void
  /** Opened anew on purpose, so that what was refused comes again. */
  readonly onReopened: (reason: string) => void
}

/** What differs between the connections of one feed. */
export type MakeConnection = (
  clientId: string,
  own: Pick<ConnectionOptions, 'filters' | 'onReady' | 'onFailed'> &
    Partial<Pick<ConnectionOptions, 'unacknowledgedMax' | 'deliver'>>,
) => Connection

export interface CloseOptions {
  /** The broker forgets the client id. */
  readonly endsSession?: boolean
  /** At once: acknowledgements that aren't with the broker yet are given up. */
  readonly isHasty?: boolean
}

/** AWS IoT Core takes no more in one SUBSCRIBE or UNSUBSCRIBE (docs: AWS IoT Core limits). */
const FILTERS_PER_SUBSCRIBE_MAX = 8
/** Refusals that come together make one new connection. */
const REOPEN_GATHER_MS = 50
const REOPEN_MAX_MS = 30_000
/** Without a refusal for so long, the next one is answered at once again. */
const REOPEN_CALM_MS = 60_000
const FLUSH_TIMEOUT_MS = 2000
const STOP_TIMEOUT_MS = 5000

export class Connection {
  readonly #options: ConnectionOptions
  readonly #client: MqttClient
  readonly #window: Window
  readonly #takeovers = new Takeovers()
  /** Counts connections of this client id. An acknowledgement is good for the one it came on. */
  #epoch = 0
  #isConnected = false
  #isReady = false
  /** Between `start` and its `stopped`. */
  #isRunning = false
  #isStopping = false
  #onceStopped: (() => void) | undefined
  #closing: Promise<boolean> | undefined
  #connectedAt = 0
  #reopenTimer: NodeJS.Timeout | undefined
  #reopenedAt = Number.NEGATIVE_INFINITY
  #reopenAfterMs = RECONNECT_MIN_MS

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { clientId, unacknowledgedMax, holdBudget, deliver } = options
    this.#window = new Window(unacknowledgedMax, holdBudget, deliver)
    this.#client = options.makeClient(clientId, {
      onMessage: (topic, payload, ticket) => this.#receive(topic, payload, ticket),
      // When it is closed, what is unread stands before the broker's last answer.
      mayTake: () => !this.#window.isFull || this.#closing !== undefined,
      onConnected: (isResumed) => this.#connected(isResumed),
      onNotConnected: (failure) => this.#notConnected(failure),
      onDisconnected: (ending) => this.#disconnected(ending),
      onStopped: () => this.#stopped(),
      onError: (failure) => this.#fail(failure),
    })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Nothing that came waits for an answer. */
  get isIdle(): boolean {
    return this.#window.isIdle
  }

  open(): void {
    if (this.#closing !== undefined) return
    this.#isRunning = true
    this.#client.start()
  }

  /** The broker assigns nothing more to this session. False: it must be tried again. */
  async unsubscribe(filters: readonly string[]): Promise<boolean> {
    try {
      for (let at = 0; at < filters.length; at += FILTERS_PER_SUBSCRIBE_MAX) {
        const some = filters.slice(at, at + FILTERS_PER_SUBSCRIBE_MAX)
        const reasonCodes = await this.#client.unsubscribe(some)
        if (reasonCodes.some((code) => code >= REFUSED_FROM)) return false
      }
      return true
    } catch {
      return false
    }
  }

  /**
   * Says good-bye and keeps the session. What was acknowledged before has reached the broker. False:
   * the session should have been ended, and the broker can't be told now.
   */
  close(options: CloseOptions = {}): Promise<boolean> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close({ endsSession = false, isHasty = false }: CloseOptions): Promise<boolean> {
    clearTimeout(this.#reopenTimer)
    this.#client.goOn()
    if (this.#isConnected && !isHasty) await this.#flush()
    // While it is being opened anew, the good-bye that keeps the session is on its way.
    const isToldAll = !endsSession || (this.#isConnected && !this.#isStopping)
    this.#nextEpoch()
    if (this.#isRunning) {
      const stopped = new Promise<void>((resolve) => {
        this.#onceStopped = resolve
      })
      this.#stop(endsSession)
      await isDoneWithin(STOP_TIMEOUT_MS, stopped)
    }
    this.#isReady = false
    this.#client.close()
    return isToldAll
  }

  /**
   * DISCONNECT overtakes PUBACKs that wait. The answer to an UNSUBSCRIBE comes after all that was
   * sent before it; this one is from a filter that nobody has, so it changes nothing.
   */
  async #flush(): Promise<void> {
    const barrier = this.#client.unsubscribe(['fleetgrid/flush'])
    // Refused or cut off, it is no barrier any more.
    await isDoneWithin(FLUSH_TIMEOUT_MS, barrier).catch(() => undefined)
  }

  #receive(topic: string, payload: Uint8Array, ticket: number): void {
    // Nobody would answer: it stays in the session.
    if (this.#closing !== undefined) return
    const { deliver, now } = this.#options
    // What waits must be no view of bytes that came with it: these aren't in the window's budget.
    const own = this.#window.isFull ? new Uint8Array(payload) : payload
    const received = new MqttMessage(this, this.#epoch, ticket, topic, own, now())
    if (ticket === NO_TICKET) deliver(received)
    else this.#window.take(received)
  }

  /** Void after the connection was lost: the broker sends the message again, as a duplicate. */
  acknowledge(epoch: number, ticket: number): void {
    if (epoch !== this.#epoch) return
    this.#client.acknowledge(ticket)
    this.#window.settle()
    this.#client.goOn()
    if (this.#window.isDrained) this.#reopen('the broker sent more than it was asked for')
  }

  refuse(epoch: number, reason: string): void {
    if (epoch === this.#epoch) this.#reopen(reason)
  }

  #nextEpoch(): void {
    this.#epoch += 1
    this.#window.reset()
  }

  #connected(isResumed: boolean): void {
    this.#nextEpoch()
    this.#isConnected = true
    this.#connectedAt = performance.now()
    void this.#subscribe(this.#epoch, isResumed)
  }

  /** Each time: costs nothing, and a session may be gone or from a version with other filters. */
  async #subscribe(epoch: number, isResumed: boolean): Promise<void> {
    try {
      const failure = await this.#requestFilters()
      if (epoch !== this.#epoch || this.#closing !== undefined) return
      if (failure === undefined) {
        this.#isReady = true
        this.#options.onReady(isResumed)
        return
      }
      this.#fail({ text: failure, isFinal: true })
    } catch (error) {
      if (epoch !== this.#epoch || this.#closing !== undefined) return
      this.#fail({ text: `subscribing failed: ${error}`, isFinal: false })
    }
    this.#reopen('the subscription failed')
  }

  async #requestFilters(): Promise<string | undefined> {
    const { filters } = this.#options
    for (let at = 0; at < filters.length; at += FILTERS_PER_SUBSCRIBE_MAX) {
      const some = filters.slice(at, at + FILTERS_PER_SUBSCRIBE_MAX)
      const failure = describeRefusedFilters(some, await this.#client.subscribe(some))
      if (failure !== undefined) return failure
    }
    return undefined
  }

  #disconnected(ending: Ending): void {
    this.#nextEpoch()
    this.#isConnected = false
    // All comes again now; what waited to be asked for once more need not be.
    clearTimeout(this.#reopenTimer)
    this.#reopenTimer = undefined
    if (this.#isRunning && !this.#isStopping) {
      const livedMs = performance.now() - this.#connectedAt
      this.#fail(this.#takeovers.judge(ending, livedMs))
    }
    this.#isReady = false
  }

  #notConnected(failure: ConnectionFailure): void {
    this.#takeovers.reset()
    this.#fail(failure)
  }

  #fail(failure: ConnectionFailure): void {
    this.#isReady = false
    if (this.#closing === undefined) this.#options.onFailed(failure)
  }

  /**
   * Within a connection the broker doesn't send again, so this one is closed and opened anew, at
   * most once a second and more seldom while refusals go on. Its other messages come again too.
   */
  #reopen(reason: string): void {
    if (this.#reopenTimer !== undefined || this.#closing !== undefined) return
    const at = performance.now()
    const isCalm = at - this.#reopenedAt > REOPEN_CALM_MS
    this.#reopenAfterMs = isCalm ? RECONNECT_MIN_MS : this.#reopenAfterMs * 2
    this.#reopenAfterMs = Math.min(this.#reopenAfterMs, REOPEN_MAX_MS)
    const waitMs = Math.max(REOPEN_GATHER_MS, this.#connectedAt + this.#reopenAfterMs - at)
    this.#reopenTimer = setTimeout(() => {
      this.#reopenTimer = undefined
      this.#reopenedAt = performance.now()
      this.#options.onReopened(reason)
      this.#stop()
    }, waitMs)
  }

  #stop(endsSession = false): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#client.stop({ endsSession })
  }

  #stopped(): void {
    this.#isStopping = false
    this.#isRunning = false
    this.#onceStopped?.()
    this.open()
  }
}

/** With QoS 0, and after the answer. */
const NO_TICKET = 0

class MqttMessage implements FeedMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly receivedAt: number
  readonly #connection: Connection
  readonly #epoch: number
  #ticket: number

  constructor(
    connection: Connection,
    epoch: number,
    ticket: number,
    topic: string,
    payload: Uint8Array,
    receivedAt: number,
  ) {
    this.#connection = connection
    this.#epoch = epoch
    this.#ticket = ticket
    this.topic = topic
    this.payload = payload
    this.receivedAt = receivedAt
  }

  acknowledge(): void {
    const ticket = this.#ticket
    this.#ticket = NO_TICKET
    if (ticket !== NO_TICKET) this.#connection.acknowledge(this.#epoch, ticket)
  }

  refuse(reason: string): void {
    const isOpen = this.#ticket !== NO_TICKET
    this.#ticket = NO_TICKET
    if (isOpen) this.#connection.refuse(this.#epoch, reason)
  }
}
