import type { mqtt5 } from 'aws-iot-device-sdk-v2'
import type { MqttFeedConfig } from '../../config/adapters.ts'
import type { HeldLease, Leases } from '../../ports/leases.ts'
import {
  type FeedMessage,
  TELEMETRY_TOPIC_FILTERS,
  type TelemetryFeed,
} from '../../ports/telemetry-feed.ts'
import { createClientSettings, type Sdk } from './mqtt/client-settings.ts'
import { Connection } from './mqtt/connection.ts'
import type { ConnectionFailure } from './mqtt/describe-failure.ts'

// Messages of an MQTT 5 broker: a pool of connections shares one subscription with the pools of all
// other instances; what can't be shared comes on one more connection, in one instance at a time.

export interface MqttFeedOptions {
  readonly leases: Leases
  readonly now: () => number
  /** Connections that are up and subscribed, after each change. */
  readonly onConnections: (count: number) => void
  /** A connection was lost or couldn't be made, and why, for a person. It is tried again. */
  readonly onFailed: (clientId: string, reason: string) => void
  /** A connection was opened anew so that what was refused comes again. */
  readonly onReopened: (clientId: string, reason: string) => void
  /** How long `start` waits for the first connection. */
  readonly startTimeoutMs?: number
}

const START_TIMEOUT_MS = 30_000
/** Connects begin this far apart: 50 a second of the 500 that AWS IoT Core allows an account. */
const CONNECT_EVERY_MS = 20
/** For messages that a broker sends beyond the receive maximum. */
const HOLD_MAX_BYTES = 64_000_000
/** AWS IoT Core publishes them; its reserved topics can't be subscribed to by a group. */
const PLATFORM_FILTERS = TELEMETRY_TOPIC_FILTERS.filter((filter) => filter.startsWith('$'))
const SHARED_FILTERS = TELEMETRY_TOPIC_FILTERS.filter((filter) => !filter.startsWith('$'))

export function createMqttFeed(config: MqttFeedConfig, options: MqttFeedOptions): TelemetryFeed {
  return new MqttFeed(config, options)
}

class MqttFeed implements TelemetryFeed {
  readonly #config: MqttFeedConfig
  readonly #options: MqttFeedOptions
  readonly #pool: Connection[] = []
  readonly #holdBudget = { leftBytes: HOLD_MAX_BYTES }
  readonly #timers = new Set<NodeJS.Timeout>()
  /** What is wrong with a connection of the pool, while it is. */
  readonly #failures = new Map<string, ConnectionFailure>()
  #deliver: ((message: FeedMessage) => void) | undefined
  #lease: HeldLease | undefined
  #platform: Connection | undefined
  /** Opening and closing the platform's connection, one after the other. */
  #platformWork: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(config: MqttFeedConfig, options: MqttFeedOptions) {
    this.#config = config
    this.#options = options
  }

  async start(deliver: (message: FeedMessage) => void): Promise<void> {
    const sdk: Sdk = await import('aws-iot-device-sdk-v2')
    const settingsOf = await createClientSettings(sdk, this.#config)
    this.#deliver = deliver
    try {
      await this.#openPool(sdk, settingsOf)
    } catch (error) {
      await this.close()
      throw error
    }
    if (this.#config.platformEvents) this.#competeForPlatform(sdk, settingsOf)
  }

  describe(): { urls: string[] } {
    return { urls: [this.#config.url] }
  }

  problems(): string[] {
    if (this.#pool.length === 0 || this.#pool.some(({ isReady }) => isReady)) return []
    return [`no connection to ${this.#config.url}: ${this.#lastFailure()}`]
  }

  /**
   * Nothing is unsubscribed: that would end the queue that waits in the session. What still comes
   * is left there.
   */
  async stopIntake(): Promise<void> {
    this.#deliver = undefined
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#deliver = undefined
    for (const timer of this.#timers) clearTimeout(timer)
    this.#yieldPlatform()
    await Promise.all([...this.#pool.map((connection) => connection.close()), this.#platformWork])
    // Only now: the next holder would throw our connection out.
    await this.#lease?.release()
    this.#pool.length = 0
    this.#options.onConnections(0)
  }

  /** Resolves with the first connection; the others follow. */
  async #openPool(sdk: Sdk, settingsOf: SettingsOf): Promise<void> {
    const { connections, clientIdPrefix, shareName } = this.#config
    const filters = SHARED_FILTERS.map((filter) =>
      shareName === undefined ? filter : `$share/${shareName}/${filter}`,
    )
    await new Promise<void>((resolve, reject) => {
      const { startTimeoutMs = START_TIMEOUT_MS } = this.#options
      const giveUp = (why: string): void => {
        reject(new Error(`No MQTT connection to MQTT_URL=${this.#config.url}: ${why}`))
      }
      this.#after(startTimeoutMs, () => giveUp(this.#lastFailure()))
      for (let number = 1; number <= connections; number += 1) {
        const clientId = `${clientIdPrefix}-${number}`
        const connection = new Connection({
          ...this.#connectionOptions(sdk, settingsOf, clientId),
          filters,
          onReady: () => {
            this.#failures.delete(clientId)
            this.#countReady()
            resolve()
          },
          onFailed: (failure) => {
            this.#failures.set(clientId, failure)
            this.#options.onFailed(clientId, failure.text)
            this.#countReady()
            // Of no effect once one has been ready.
            if (failure.isFinal) giveUp(failure.text)
          },
        })
        this.#pool.push(connection)
        this.#after((number - 1) * CONNECT_EVERY_MS, () => connection.open())
      }
    })
  }

  #connectionOptions(sdk: Sdk, settingsOf: SettingsOf, clientId: string) {
    return {
      sdk,
      clientId,
      config: settingsOf(clientId),
      unacknowledgedMax: this.#config.unacknowledgedMax,
      holdBudget: this.#holdBudget,
      now: this.#options.now,
      deliver: this.#take,
      onReopened: (reason: string) => this.#options.onReopened(clientId, reason),
    }
  }

  readonly #take = (message: FeedMessage): void => this.#deliver?.(message)

  /**
   * The connection has the same client id in every instance, so the broker keeps what comes while
   * it changes hands in its session, and a new holder throws out one that hangs.
   */
  #competeForPlatform(sdk: Sdk, settingsOf: SettingsOf): void {
    const { shareName, clientIdPrefix } = this.#config
    const clientId = `${shareName ?? clientIdPrefix}-events`
    this.#lease = this.#options.leases.hold('platform-events', {
      onGained: () => {
        this.#platformWork = this.#platformWork.then(() => {
          if (this.#closing !== undefined) return
          this.#platform = new Connection({
            ...this.#connectionOptions(sdk, settingsOf, clientId),
            filters: PLATFORM_FILTERS,
            onReady: () => undefined,
            onFailed: ({ text }) => this.#options.onFailed(clientId, text),
          })
          this.#platform.open()
        })
      },
      onLost: () => this.#yieldPlatform(),
    })
  }

  #yieldPlatform(): void {
    this.#platformWork = this.#platformWork.then(async () => {
      await this.#platform?.close()
      this.#platform = undefined
    })
  }

  #lastFailure(): string {
    return [...this.#failures.values()].at(-1)?.text ?? 'it did not answer in time'
  }

  #countReady(): void {
    this.#options.onConnections(this.#pool.filter(({ isReady }) => isReady).length)
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }
}

type SettingsOf = (clientId: string) => mqtt5.Mqtt5ClientConfig
