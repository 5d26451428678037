import type { MqttFeedConfig } from '../../../config/adapters.ts'
import type { HeldLease, LeaseLoss, Leases } from '../../../ports/leases.ts'
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
 * holder throws out one that hangs, or that doesn't know because it can't ask the database.
 */
export class PlatformEvents {
  readonly #options: PlatformEventsOptions
  readonly #clientId: string
  readonly #lease: HeldLease
  #connection: Connection | undefined
  /** Opening and closing, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #isSure = false
  #isClosing = false

  /** Competes for the role at once. */
  constructor(options: PlatformEventsOptions) {
    this.#options = options
    const { url, clientIdPrefix } = options.config
    this.#clientId = `${clientIdPrefix}-events`
    const name = `platform-events/${new URL(url).hostname}/${this.#clientId}`
    this.#lease = options.leases.hold(name, {
      onGained: () => this.#gain(),
      onLost: (loss) => this.#lose(loss),
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#yield()
    await this.#work
    // Only now: the next holder would throw our connection out.
    await this.#lease.release()
  }

  #gain(): void {
    this.#isSure = true
    this.#open()
  }

  #lose(loss: LeaseLoss): void {
    this.#isSure = false
    // Else it goes on: nobody else can begin while nobody reaches the database.
    if (loss === 'taken') this.#yield()
  }

  #open(): void {
    const { filters, makeConnection, onFailed } = this.#options
    const clientId = this.#clientId
    this.#work = this.#work.then(() => {
      if (this.#isClosing || this.#connection !== undefined) return
      this.#connection = makeConnection(clientId, {
        filters,
        onReady: () => undefined,
        onFailed: ({ text, isTakenOver = false }) => {
          onFailed(clientId, text)
          if (isTakenOver && !this.#isSure) this.#yield()
        },
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
