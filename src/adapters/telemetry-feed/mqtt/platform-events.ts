import type { MqttFeedConfig } from '../../../config/adapters.ts'
import type { HeldLease, Leases } from '../../../ports/leases.ts'
import type { Connection, MakeConnection } from './connection.ts'

export interface PlatformEventsOptions {
  readonly leases: Leases
  readonly config: MqttFeedConfig
  readonly filters: readonly string[]
  readonly makeConnection: MakeConnection
  readonly onFailed: (clientId: string, reason: string) => void
}

/**
 * What can't be shared comes on one connection in one instance at a time. It has the same client id
 * in every instance, so the broker keeps what comes while it changes hands in its session, and a new
 * holder throws out one that hangs.
 */
export class PlatformEvents {
  readonly #options: PlatformEventsOptions
  readonly #clientId: string
  readonly #lease: HeldLease
  #connection: Connection | undefined
  /** Opening and closing, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #isClosing = false

  /** Competes for the role at once. */
  constructor(options: PlatformEventsOptions) {
    this.#options = options
    const { url, shareName, clientIdPrefix } = options.config
    this.#clientId = `${shareName ?? clientIdPrefix}-events`
    const name = `platform-events/${new URL(url).hostname}/${this.#clientId}`
    this.#lease = options.leases.hold(name, {
      onGained: () => this.#open(),
      onLost: () => this.#yield(),
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#yield()
    await this.#work
    // Only now: the next holder would throw our connection out.
    await this.#lease.release()
  }

  #open(): void {
    const { filters, makeConnection, onFailed } = this.#options
    const clientId = this.#clientId
    this.#work = this.#work.then(() => {
      if (this.#isClosing) return
      this.#connection = makeConnection(clientId, {
        filters,
        onReady: () => undefined,
        onFailed: ({ text }) => onFailed(clientId, text),
      })
      this.#connection.open()
    })
  }

  #yield(): void {
    this.#work = this.#work.then(async () => {
      await this.#connection?.close()
      this.#connection = undefined
    })
  }
}
