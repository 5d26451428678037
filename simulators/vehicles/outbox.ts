import type { Outgoing } from './messages.ts'

export interface Posted {
  readonly message: Outgoing
  /** Called once, when the broker has acknowledged it or it has failed; never if dropped. */
  readonly settle?: ((acknowledged: boolean) => void) | undefined
}

/** The unsent messages of one vehicle, oldest first. */
export interface Channel {
  readonly unsent: Posted[]
}

export function createChannel(): Channel {
  return { unsent: [] }
}

/**
 * The unsent messages of the vehicles that share a connection: each keeps its last
 * `maxPerChannel`, and each gets its turn when there is room again.
 */
export class Outbox {
  readonly #maxPerChannel: number
  /** In the order of their turns; a set keeps the order of insertion. */
  readonly #waiting = new Set<Channel>()

  constructor(maxPerChannel: number) {
    this.#maxPerChannel = maxPerChannel
  }

  /** Returns how many older messages had to go. */
  add(channel: Channel, posted: Posted): number {
    channel.unsent.push(posted)
    this.#waiting.add(channel)
    if (channel.unsent.length <= this.#maxPerChannel) return 0
    channel.unsent.shift()
    return 1
  }

  take(): { readonly channel: Channel; readonly posted: Posted } | undefined {
    for (const channel of this.#waiting) {
      this.#waiting.delete(channel)
      const posted = channel.unsent.shift()
      if (posted === undefined) continue
      if (channel.unsent.length > 0) this.#waiting.add(channel)
      return { channel, posted }
    }
    return undefined
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Throws everything away; returns how many messages. */
  clear(): number {
    let count = 0
    for (const channel of this.#waiting) count += channel.unsent.splice(0).length
    this.#waiting.clear()
    return count
  }
}
