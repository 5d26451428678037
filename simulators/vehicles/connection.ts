import { connect, type MqttClient } from 'mqtt'
import type { Counts } from './counts.ts'
import type { Outgoing } from './messages.ts'
import { type Channel, Outbox } from './outbox.ts'

/** An MQTT connection shared by one or more vehicles: QoS 1, bounded, reconnecting. */

export interface ConnectionOptions {
  readonly broker: string
  readonly clientId: string
  readonly username: string | undefined
  readonly password: string | undefined
  /** Published and not yet acknowledged, at most. */
  readonly maxInFlight: number
  /** Messages that a vehicle keeps while there is no connection. */
  readonly maxUnsentPerVehicle: number
}

export interface ConnectionEvents {
  online(): void
  /** It goes on trying; the text says why it has to. */
  trouble(reason: string): void
  /** The broker said no; trying again would not help. */
  refused(reason: string): void
}

const RECONNECT_FIRST_MS = 250
const RECONNECT_LONGEST_MS = 10_000
const CONNACK_TIMEOUT_MS = 10_000
/** So often in a row the broker may hang up on us without acknowledging anything. */
const FRUITLESS_CONNECTIONS = 5
/** MQTT 3.1.1 §3.2.2.3: protocol version, client id, user name or password, not authorised. */
const FINAL_REFUSALS: ReadonlySet<unknown> = new Set([1, 2, 4, 5])

export class Connection {
  readonly #options: ConnectionOptions
  readonly #counts: Counts
  readonly #events: ConnectionEvents
  readonly #outbox: Outbox
  #client: MqttClient | undefined
  #online = false
  #wasOnline = false
  #ending = false
  #inFlight = 0
  #reconnectMs = RECONNECT_FIRST_MS
  #accepted = false
  #fruitless = 0
  #lastError: string | undefined
  #settled: (() => void) | undefined

  constructor(options: ConnectionOptions, counts: Counts, events: ConnectionEvents) {
    this.#options = options
    this.#counts = counts
    this.#events = events
    this.#outbox = new Outbox(options.maxUnsentPerVehicle)
  }

  get isOnline(): boolean {
    return this.#online
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether the vehicle may report: while connected only what the broker keeps up with. */
  hasRoom(channel: Channel): boolean {
    if (!this.#online) return true
    return this.#inFlight < this.#options.maxInFlight && channel.unsent.length === 0
  }

  send(channel: Channel, message: Outgoing, settle?: (acknowledged: boolean) => void): void {
    this.#counts.dropped += this.#outbox.add(channel, { message, settle })
    this.#pump()
  }

  start(): void {
    const { broker, clientId, username, password } = this.#options
    const client = connect(broker, {
      protocolVersion: 4,
      clean: true,
      clientId,
      connectTimeout: CONNACK_TIMEOUT_MS,
      reconnectPeriod: RECONNECT_FIRST_MS,
      reconnectOnConnackError: true,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    })
    this.#client = client
    client.on('connect', () => this.#onConnect())
    client.on('close', () => this.#onClose(client))
    client.on('error', (error) => this.#onError(error))
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack') this.#accepted = packet.returnCode === 0
    })
  }

  /** Resolves when nothing is unsent or unacknowledged, at once if there is no connection. */
  async settle(): Promise<void> {
    if (!this.#online || this.#isIdle) return
    await new Promise<void>((resolve) => {
      this.#settled = resolve
    })
  }

  /** Hangs up; what was not sent counts as dropped. */
  async end(): Promise<void> {
    this.#ending = true
    this.#counts.dropped += this.#outbox.clear()
    this.#settled?.()
    // Forced unless all is acknowledged: mqtt.js would wait for the rest for ever.
    await this.#client?.endAsync(!this.#online || this.#inFlight > 0)
  }

  get #isIdle(): boolean {
    return this.#inFlight === 0 && this.#outbox.isEmpty
  }

  #pump(): void {
    while (this.#online && !this.#ending && this.#inFlight < this.#options.maxInFlight) {
      const next = this.#outbox.take()
      if (next === undefined) return
      const { message, settle } = next.posted
      this.#inFlight++
      this.#counts.published++
      this.#client?.publish(message.topic, message.payload, { qos: 1 }, (error) => {
        this.#inFlight--
        if (error) this.#counts.failed++
        else this.#countAcknowledged(message)
        settle?.(!error)
        this.#pump()
        if (this.#isIdle) this.#settled?.()
      })
    }
  }

  #countAcknowledged({ kind }: Outgoing): void {
    this.#fruitless = 0
    this.#counts.acknowledged++
    this.#counts.acknowledgedByKind[kind]++
  }

  /** mqtt.js has by now sent again what had not been acknowledged. */
  #onConnect(): void {
    if (this.#wasOnline) this.#counts.reconnects++
    this.#wasOnline = true
    this.#online = true
    this.#lastError = undefined
    this.#reconnectMs = RECONNECT_FIRST_MS
    this.#events.online()
    this.#pump()
  }

  #onClose(client: MqttClient): void {
    this.#online = false
    this.#settled?.()
    if (this.#ending) return
    // mqtt.js has just armed its timer with the old period: this one is for the time after.
    this.#reconnectMs = Math.min(RECONNECT_LONGEST_MS, this.#reconnectMs * 2)
    client.options.reconnectPeriod = this.#reconnectMs * (0.75 + Math.random() / 2)
    if (this.#accepted && this.#inFlight > 0) this.#fruitless++
    if (this.#fruitless === FRUITLESS_CONNECTIONS) {
      this.#events.trouble(
        'the broker lets us in but hangs up before it acknowledges anything (it may not want this client to publish to dt/cvra/… and cdf/assetlibrary/events/…)',
      )
    } else if (this.#fruitless < FRUITLESS_CONNECTIONS) {
      this.#events.trouble(this.#lastError ?? describeSilentClose(this.#accepted))
    }
    this.#accepted = false
    this.#lastError = undefined
  }

  #onError(error: Error & { code?: unknown }): void {
    // Node leaves the message empty where it tried several addresses.
    this.#lastError = error.message || String(error.code ?? error.name)
    if (FINAL_REFUSALS.has(error.code)) this.#events.refused(this.#lastError)
  }
}

function describeSilentClose(accepted: boolean): string {
  return accepted
    ? 'the broker closed the connection'
    : 'the connection was closed before the broker answered (not its MQTT port, or for ws:// not its path, often /mqtt)'
}
