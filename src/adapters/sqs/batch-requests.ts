/** SQS takes so many entries in one request: SQS API, DeleteMessageBatch. */
export const BATCH_MAX = 10

/** Of the entries of one request, by index; those that are not named succeeded. */
export interface BatchAnswer {
  /** Will never succeed. */
  readonly hopeless: readonly number[]
  readonly retry: readonly number[]
  /** Why, for people. */
  readonly cause: string
}

export interface BatchRequestsOptions<T> {
  /** One request with 1 to BATCH_MAX items. A rejection means that nothing is known of any. */
  readonly send: (items: readonly T[]) => Promise<BatchAnswer>
  /** Asked before an item is sent; one that isn't wanted any more is dropped silently. */
  readonly isWanted: (item: T) => boolean
  /** Once for each item that was sent: done, or hopeless for this reason. */
  readonly settle: (item: T, fault: string | undefined) => void
  /** After a failure, whole or partial; says how long to wait. `attempt` counts from 1. */
  readonly pauseMs: (cause: unknown, attempt: number) => number
  /** After failures: a request succeeded, or nothing of what failed is wanted any more. */
  readonly onRecovered: () => void
  /** Requests at the same time. */
  readonly concurrency: number
  /** How long a request that isn't full waits for more items. */
  readonly lingerMs: number
}

/**
 * Gathers small acts into batch requests, a few at a time, and repeats what failed until it is
 * done, hopeless, or abandoned. Whoever adds items bounds their number.
 */
export class BatchRequests<T> {
  readonly #options: BatchRequestsOptions<T>
  #waiting: T[] = []
  #active = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  /** No request before this timer has fired. */
  #pausing = false
  #draining = false
  #isAbandoned = false
  #idle: (() => void)[] = []

  constructor(options: BatchRequestsOptions<T>) {
    this.#options = options
  }

  add(item: T): void {
    if (this.#isAbandoned) return
    this.#waiting.push(item)
    this.#pump()
  }

  /** Sends what waits without lingering; resolves when all is settled or abandoned. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#pump()
    if (!this.#isIdle()) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#draining = false
  }

  /** The end: forgets what waits; requests under way are not repeated. */
  abandon(): void {
    this.#isAbandoned = true
    this.#failures = 0
    this.#waiting = []
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pausing = false
    this.#tellIdle()
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#active === 0
  }

  #pump(): void {
    const { concurrency, lingerMs } = this.#options
    while (!this.#pausing && this.#active < concurrency && this.#waiting.length > 0) {
      if (this.#waiting.length < BATCH_MAX && !this.#draining) {
        this.#timer ??= setTimeout(() => this.#flush(), lingerMs)
        return
      }
      this.#sendNext()
    }
    this.#tellIdle()
  }

  /** The timer of a lingering rest. */
  #flush(): void {
    this.#timer = undefined
    if (this.#waiting.length > 0 && this.#active < this.#options.concurrency) this.#sendNext()
    this.#pump()
  }

  #sendNext(): void {
    const items = this.#waiting.splice(0, BATCH_MAX).filter(this.#options.isWanted)
    if (items.length === 0) return
    this.#active += 1
    void this.#options
      .send(items)
      .catch((cause: unknown) => ({ hopeless: [], retry: [...items.keys()], cause }))
      .then((answer) => this.#settle(items, answer))
  }

  #settle(
    items: readonly T[],
    { hopeless, retry, cause }: Omit<BatchAnswer, 'cause'> & { readonly cause: unknown },
  ): void {
    this.#active -= 1
    if (this.#isAbandoned) return
    const { settle } = this.#options
    for (const [index, item] of items.entries()) {
      if (retry.includes(index)) this.#waiting.push(item)
      else settle(item, hopeless.includes(index) ? String(cause) : undefined)
    }
    if (retry.length > 0) this.#pause(cause)
    else if (!this.#pausing) this.#recover()
    this.#pump()
  }

  #recover(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#options.onRecovered()
  }

  #pause(cause: unknown): void {
    if (this.#pausing) return
    this.#pausing = true
    this.#failures += 1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#pausing = false
        this.#flush()
      },
      this.#options.pauseMs(cause, this.#failures),
    )
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return
    this.#recover()
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
