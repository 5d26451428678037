import { backoffMs } from './backoff.ts'

/** What a write says of its items, by their index in the batch; unnamed ones were accepted. */
export interface BatchReport {
  readonly duplicates: readonly number[]
  readonly rejected: readonly { readonly index: number; readonly reason: string }[]
  readonly retry: readonly number[]
  /** Why items are to be written again, for people. */
  readonly retryReason?: string
}

export type Settled =
  | { readonly outcome: 'accepted' | 'duplicate' }
  | { readonly outcome: 'rejected'; readonly reason: string }
  /** Not written: the queue was full, or it took longer than the deadline. */
  | { readonly outcome: 'refused'; readonly reason: string }

export interface BatcherOptions<T> {
  /** One call at a time. A rejection means: nothing is known, write all of it again. */
  readonly write: (items: readonly T[]) => Promise<BatchReport>
  /** Called once for each item, in groups of one batch. */
  readonly settle: (item: T, result: Settled) => void
  /** After the items of one write have been settled. */
  readonly onBatch?: (items: readonly T[], durationMs: number) => void
  /** `attempt` counts failures since the last success, from 1. */
  readonly onRetry?: (count: number, attempt: number, cause: unknown) => void
  readonly onRecovered?: () => void
  readonly batchMax: number
  /** Items that wait or are being written; more are refused. */
  readonly queueMax: number
  /** An item that is not settled by then is refused; its late success changes nothing. */
  readonly deadlineMs: number
  readonly now: () => number
}

interface Entry<T> {
  readonly item: T
  readonly addedAt: number
  settled: boolean
}

const RETRY = { baseMs: 50, maxMs: 5000 }
const SWEEP_INTERVAL_MS = 1000

/**
 * Writes items in batches. A batch goes out as soon as the one before is back, so a lone item
 * never waits and a busy sink gets large batches: no flush interval to tune, no timer per item.
 */
export class Batcher<T> {
  readonly #options: BatcherOptions<T>
  #waiting: Entry<T>[] = []
  #writing: Entry<T>[] = []
  #running = false
  #failures = 0
  #sweeper: NodeJS.Timeout | undefined
  #wake: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(options: BatcherOptions<T>) {
    this.#options = options
  }

  /** Items that are not settled yet. */
  get size(): number {
    return this.#waiting.length + this.#writing.length
  }

  /** The sink has failed since its last success. */
  get failing(): boolean {
    return this.#failures > 0
  }

  add(item: T): void {
    const { queueMax, settle, now } = this.#options
    if (this.size >= queueMax) {
      settle(item, { outcome: 'refused', reason: `more than ${queueMax} messages are waiting` })
      return
    }
    this.#waiting.push({ item, addedAt: now(), settled: false })
    if (!this.#running) void this.#run()
  }

  /** Resolves when everything that was added is settled. */
  async drain(): Promise<void> {
    if (this.size === 0 && !this.#running) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Gives up on what is left: it is refused. */
  abort(reason: string): void {
    for (const entry of [...this.#writing, ...this.#waiting]) {
      this.#settle(entry, { outcome: 'refused', reason })
    }
    this.#waiting = []
    this.#wake?.()
  }

  async #run(): Promise<void> {
    this.#running = true
    this.#sweeper ??= setInterval(() => this.#refuseLate(), SWEEP_INTERVAL_MS).unref()
    // What arrives in the same turn of the event loop goes into the first batch together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) await this.#writeOnce()
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #writeOnce(): Promise<void> {
    const { write, batchMax, onBatch, onRetry, onRecovered, now } = this.#options
    const batch = this.#waiting.splice(0, batchMax)
    this.#writing = batch
    const items = batch.map((entry) => entry.item)
    const startedAt = now()
    let failure: unknown
    let report: BatchReport
    try {
      report = await write(items)
    } catch (error) {
      failure = error
      report = { duplicates: [], rejected: [], retry: batch.map((_, index) => index) }
    }
    this.#settleBatch(batch, report)
    this.#writing = []
    onBatch?.(items, now() - startedAt)
    if (report.retry.length === 0) {
      if (this.#failures > 0) onRecovered?.()
      this.#failures = 0
      return
    }
    this.#failures += 1
    onRetry?.(report.retry.length, this.#failures, failure ?? report.retryReason)
    const again = report.retry.map((index) => batch[index]).filter((entry) => isOpen(entry))
    this.#waiting = [...again, ...this.#waiting]
    await this.#pause(backoffMs(this.#failures, RETRY))
  }

  #settleBatch(batch: readonly Entry<T>[], report: BatchReport): void {
    const results = new Map<number, Settled>()
    for (const index of report.duplicates) results.set(index, { outcome: 'duplicate' })
    for (const { index, reason } of report.rejected)
      results.set(index, { outcome: 'rejected', reason })
    const retry = new Set(report.retry)
    for (const [index, entry] of batch.entries()) {
      if (!retry.has(index)) this.#settle(entry, results.get(index) ?? ACCEPTED)
    }
  }

  #settle(entry: Entry<T>, result: Settled): void {
    if (entry.settled) return
    entry.settled = true
    this.#options.settle(entry.item, result)
  }

  #refuseLate(): void {
    const { deadlineMs, now } = this.#options
    const reason = `not durable within ${deadlineMs} ms`
    const before = now() - deadlineMs
    for (const entry of this.#writing) {
      if (entry.addedAt <= before) this.#settle(entry, { outcome: 'refused', reason })
    }
    this.#waiting = this.#waiting.filter((entry) => {
      if (entry.addedAt > before) return true
      this.#settle(entry, { outcome: 'refused', reason })
      return false
    })
  }

  async #pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, durationMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}

const ACCEPTED: Settled = { outcome: 'accepted' }

function isOpen<T>(entry: Entry<T> | undefined): entry is Entry<T> {
  return entry !== undefined && !entry.settled
}
