import type { FeedMessage } from '../../../ports/telemetry-feed.ts'

/** Memory for what came beyond the window, shared by all connections. */
export interface HoldBudget {
  leftBytes: number
}

/** Of a message beside its payload: the objects around it, and a topic of the usual length. */
const OVERHEAD_BYTES = 500

/**
 * At most `max` messages are out at a time. A broker that keeps to the receive maximum of MQTT 5
 * never sends more, but Mosquitto 2.0 sends two for each that is acknowledged: while it has a queue,
 * what is in flight grows without end. From a client that can't leave them unread, such messages wait
 * here, as far as memory is given.
 */
export class Window {
  readonly #max: number
  readonly #budget: HoldBudget
  readonly #deliver: (message: FeedMessage) => void
  #out = 0
  #held: FeedMessage[] = []
  /** Of the first of `#held` that is still there. */
  #head = 0
  #isPassing = false
  #isOverflown = false

  constructor(max: number, budget: HoldBudget, deliver: (message: FeedMessage) => void) {
    this.#max = max
    this.#budget = budget
    this.#deliver = deliver
  }

  take(message: FeedMessage): void {
    if (!this.isFull) {
      this.#out += 1
      this.#deliver(message)
      return
    }
    const size = sizeOf(message)
    if (this.#isOverflown || this.#budget.leftBytes < size) {
      this.#isOverflown = true
      return
    }
    this.#budget.leftBytes -= size
    this.#held.push(message)
  }

  /** What comes now waits here, or is left to the broker. */
  get isFull(): boolean {
    return this.#out >= this.#max || this.#isOverflown
  }

  /** One of those that are out is done: the next may go. */
  settle(): void {
    this.#out -= 1
    // Whoever gets a message may settle it at once: no recursion, which would be as deep as the queue.
    if (this.#isPassing) return
    this.#isPassing = true
    while (this.#out < this.#max) {
      const next = this.#held[this.#head]
      if (next === undefined) break
      this.#head += 1
      this.#budget.leftBytes += sizeOf(next)
      this.#out += 1
      this.#deliver(next)
    }
    this.#isPassing = false
    if (this.#head === this.#held.length) this.#empty()
  }

  /** Some were left to the broker, and all that were taken are done: time to have them again. */
  get isDrained(): boolean {
    return this.#isOverflown && this.#out === 0
  }

  /** All that came is done. */
  get isIdle(): boolean {
    return this.#out === 0 && !this.#isOverflown
  }

  /** All of it comes again. */
  reset(): void {
    for (const message of this.#held.slice(this.#head)) {
      this.#budget.leftBytes += sizeOf(message)
    }
    this.#empty()
    this.#out = 0
    this.#isOverflown = false
  }

  #empty(): void {
    this.#held = []
    this.#head = 0
  }
}

function sizeOf({ payload, topic }: FeedMessage): number {
  return payload.length + Math.max(OVERHEAD_BYTES, topic.length)
}
