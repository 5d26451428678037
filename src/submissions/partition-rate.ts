const WINDOW_MS = 1000
/** A part that refuses more than this share of what it gets is at its limit; less is bad luck. */
const THROTTLED_SHARE = 0.25
/** Below this many records a share says nothing. */
const SAMPLE_MIN = 20
const RATE_MIN = 10
const GROWTH = 1.2
/** So long without being refused, and the limit is forgotten. */
const FORGET_AFTER_MS = 30_000

/**
 * How fast one part of a stream may be written. Without limit until the stream refuses records; then as
 * fast as it took them in the last second, and from there slowly upwards: its capacity is found, not
 * configured, and other writers' share of it is respected.
 */
export class PartitionRate {
  readonly #now: () => number
  /** Records a second. */
  #limit = Number.POSITIVE_INFINITY
  #windowStart: number
  #taken = 0
  #confirmed = 0
  #throttled = 0
  #throttledAt = Number.NEGATIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
    this.#windowStart = now()
  }

  get limit(): number {
    return this.#limit
  }

  /** Records that may go out now. */
  room(): number {
    this.#roll()
    if (this.#limit === Number.POSITIVE_INFINITY) return this.#limit
    // Spread over the window, so that a second's worth doesn't go out at its beginning.
    const elapsed = Math.min(1, (this.#now() - this.#windowStart) / WINDOW_MS)
    return Math.max(0, Math.ceil(this.#limit * (elapsed + 0.1)) - this.#taken)
  }

  take(count: number): void {
    this.#taken += count
  }

  report(confirmed: number, throttled: number): void {
    this.#confirmed += confirmed
    this.#throttled += throttled
    if (throttled > 0) this.#throttledAt = this.#now()
  }

  #roll(): void {
    const now = this.#now()
    const elapsedMs = now - this.#windowStart
    if (elapsedMs < WINDOW_MS) return
    this.#adapt(now, elapsedMs)
    this.#windowStart = now
    this.#taken = 0
    this.#confirmed = 0
    this.#throttled = 0
  }

  #adapt(now: number, elapsedMs: number): void {
    // Nothing at all was taken: the stream is away, which says nothing about what it takes.
    if (this.#throttled > 0 && this.#confirmed === 0) return
    const answered = this.#confirmed + this.#throttled
    if (answered >= SAMPLE_MIN && this.#throttled / answered > THROTTLED_SHARE) {
      this.#limit = Math.max(RATE_MIN, (this.#confirmed * WINDOW_MS) / elapsedMs)
    } else if (now - this.#throttledAt > FORGET_AFTER_MS) {
      this.#limit = Number.POSITIVE_INFINITY
    } else {
      this.#limit *= GROWTH
    }
  }
}
