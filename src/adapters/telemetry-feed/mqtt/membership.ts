import type { MqttFeedConfig } from '../../../config/adapters.ts'
import { errorMessage } from '../../../domain/errors.ts'
import { backoffMs } from '../../../lib/backoff.ts'
import { pause } from '../../../lib/pause.ts'
import type { Leases, TakenLease } from '../../../ports/leases.ts'

// All instances have the same settings, and the broker's sessions belong to client ids: each instance
// takes a number that no other has, and calls its connections {prefix}-{number}-{n}. Whoever comes
// after a dead one has its number, and so its sessions with what the broker had given to it.

/** Instances of one system at a time. */
const MEMBERS_MAX = 100
const NUMBERS = Array.from({ length: MEMBERS_MAX }, (_, place) => place + 1)
const RETRY = { baseMs: 250, maxMs: 5000 }

export interface MembershipOptions {
  readonly leases: Leases
  readonly config: MqttFeedConfig
  /** It is another instance's: close its connections now. */
  readonly onLost: () => void
  /**
   * False: the database doesn't renew the number, because it can't be asked. Its connections stay:
   * if nobody reaches the database, nobody can take the number, and if only this instance doesn't,
   * the broker lets the one that took it expel us. True: it is renewed again.
   */
  readonly onSure: (isSure: boolean) => void
}

export interface Member {
  readonly number: number
  /** Its value: how many sessions the broker may have of this number. */
  readonly lease: TakenLease
}

/** Of one system on one broker: whoever has the same settings shares the numbers. */
export function memberLeasePrefix({ url, shareName, clientIdPrefix }: MqttFeedConfig): string {
  return `mqtt-member/${new URL(url).hostname}/${shareName ?? ''}/${clientIdPrefix}/`
}

export function memberClientId(config: MqttFeedConfig, member: number, connection: number): string {
  return `${config.clientIdPrefix}-${member}-${connection}`
}

export class Membership {
  readonly #options: MembershipOptions
  readonly #closing = new AbortController()
  #member: Member | undefined
  #isSure = true
  /**
   * Tried first: this process may have reconnected with it after it stood still, before it knew that
   * it had lost it.
   */
  #lastNumber = 1

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /**
   * The lowest number that is free, as soon as there is one; the last one if it can have it again.
   * @throws Error for people when there was none for `withinMs`, or after `stop`
   */
  async join(withinMs = Number.POSITIVE_INFINITY): Promise<Member> {
    const giveUpAt = performance.now() + withinMs
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#tryAll()
      if (typeof found !== 'string') {
        this.#member = found
        this.#lastNumber = found.number
        this.#isSure = true
        return found
      }
      const waitMs = backoffMs(attempt, RETRY)
      if (performance.now() + waitMs > giveUpAt || this.#closing.signal.aborted) {
        throw new Error(`No number for this instance’s MQTT connections: ${found}`)
      }
      await pause(waitMs, this.#closing.signal)
    }
  }

  /** Another one connects with our client ids: while the database is silent, it must have the number. */
  concede(): void {
    if (this.#isSure || this.#member === undefined) return
    // Not waited for: that may take as long as the database does.
    void this.#member.lease.release()
    this.#lose()
  }

  /** Ends a `join` that waits. */
  stop(): void {
    this.#closing.abort()
  }

  /** Another instance may have the number at once; its connections must be closed before. */
  async leave(): Promise<void> {
    this.stop()
    await this.#member?.lease.release()
    this.#member = undefined
  }

  /** A member, or why there is none. */
  async #tryAll(): Promise<Member | string> {
    const { leases, config } = this.#options
    const prefix = memberLeasePrefix(config)
    for (const number of [this.#lastNumber, ...NUMBERS]) {
      if (this.#closing.signal.aborted) return 'this instance is stopping'
      try {
        const lease = await leases.take(`${prefix}${number}`, {
          value: config.connections,
          onLost: (loss) => (loss === 'taken' ? this.#lose() : this.#setSure(false)),
          onRegained: () => this.#setSure(true),
        })
        if (lease === undefined) continue
        if (!this.#closing.signal.aborted) return { number, lease }
        await lease.release()
      } catch (error) {
        return `the database has to tell which is free, and can't: ${errorMessage(error)}`
      }
    }
    return `all ${MEMBERS_MAX} are taken. Another system with this database and broker needs another MQTT_CLIENT_ID_PREFIX`
  }

  #lose(): void {
    this.#member = undefined
    this.#options.onLost()
  }

  #setSure(isSure: boolean): void {
    this.#isSure = isSure
    this.#options.onSure(isSure)
  }
}
