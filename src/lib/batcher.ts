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
  /** A rejection means: nothing is known, write all of it again. */
  readonly write: (items: readonly T[]) => Promise<BatchReport>
  /** Called once for each item, in groups of one batch. */
  readonly settle: (item: T, result: Settled) => void
  /** After the items of one write have been settled. */
  readonly onBatch?: (items: readonly T[], durationMs: number) => void
  /** `attempt` counts from 1: failed rounds since the last success, or tries of one item. */
  readonly onRetry?: (count: number, attempt: number, cause: unknown) => void
  readonly onRecovered?: () => void
  readonly batchMax: number
  /** Calls of `write` at the same time; 1 if not given. Items of different calls have no order. */
  readonly concurrency?: number
  /** How long a batch that isn't full waits for more, where each write has a fixed cost. 0: not at all. */
  readonly lingerMs?: number
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
  /** Writes that couldn't store it. */
  attempts: number
}

const RETRY = { baseMs: 50, maxMs: 5000 }
const SWEEP_INTERVAL_MS = 1000

/**
 * Writes items in batches. A batch goes out as soon as a write may, so a lone item hardly waits and
 * a busy sink gets large batches: no interval to tune, no timer per item. After a write that failed
 * for most of its items, nothing is written until a pause is over; where only some have to come again,
 * they wait by themselves and hold up nobody.
 */
export class Batcher<T> {
  readonly #options: BatcherOptions<T>
  readonly #concurrency: number
  readonly #lingerMs: number
  #waiting: Entry<T>[] = []
  readonly #writing = new Set<readonly Entry<T>[]>()
  #writingCount = 0
  /** Rounds of failed writes since the last that didn't fail. */
  #failures = 0
  /** Items that wait for their next try, and who will let them go on. */
  #resting: Entry<T>[] = []
  #rest: NodeJS.Timeout | undefined
  #sweeper: NodeJS.Timeout | undefined
  /** Something will call #pump later: the end of this turn, of the lingering, or of a pause. */
  #scheduled: { readonly cancel: () => void; readonly isPause: boolean } | undefined
  #idle: (() => void)[] = []

  constructor(options: BatcherOptions<T>) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 1
    this.#lingerMs = options.lingerMs ?? 0
  }

  /** Items that are not settled yet. */
  get size(): number {
    return this.#waiting.length + this.#resting.length + this.#writingCount
  }

  /** The sink has failed since its last success, and somebody waits for it. */
  get failing(): boolean {
    return this.#failures > 0 && this.size > 0
  }

  add(item: T): void {
    const { queueMax, batchMax, settle, now } = this.#options
    if (this.size >= queueMax) {
      settle(item, { outcome: 'refused', reason: `more than ${queueMax} messages are waiting` })
      return
    }
    this.#waiting.push({ item, addedAt: now(), settled: false, attempts: 0 })
    if (this.#scheduled === undefined) this.#scheduleFirst()
    else if (this.#lingerMs > 0 && this.#waiting.length === batchMax) this.#pumpUnlessPaused()
  }

  /** Resolves when everything that was added is settled. */
  async drain(): Promise<void> {
    if (this.size === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Gives up on what is left: it is refused. */
  abort(reason: string): void {
    for (const entry of [...[...this.#writing].flat(), ...this.#waiting, ...this.#resting]) {
      this.#settle(entry, { outcome: 'refused', reason })
    }
    this.#waiting = []
    this.#resting = []
    this.#endIfIdle()
  }

  /** What arrives in the same turn of the event loop, or while it lingers, goes out together. */
  #scheduleFirst(): void {
    this.#sweeper ??= setInterval(() => this.#refuseLate(), SWEEP_INTERVAL_MS).unref()
    if (this.#writing.size >= this.#concurrency) return
    if (this.#lingerMs > 0) this.#schedulePump(this.#lingerMs, false)
    else {
      const immediate = setImmediate(() => this.#pump())
      this.#scheduled = { cancel: () => clearImmediate(immediate), isPause: false }
    }
  }

  #schedulePump(afterMs: number, isPause: boolean): void {
    this.#scheduled?.cancel()
    const timer = setTimeout(() => this.#pump(), afterMs)
    this.#scheduled = { cancel: () => clearTimeout(timer), isPause }
  }

  #pumpUnlessPaused(): void {
    if (!this.#scheduled?.isPause) this.#pump()
  }

  #pump(): void {
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    while (this.#waiting.length > 0 && this.#writing.size < this.#concurrency) {
      void this.#writeOnce(this.#waiting.splice(0, this.#options.batchMax))
    }
  }

  async #writeOnce(batch: readonly Entry<T>[]): Promise<void> {
    const { write, onBatch, now } = this.#options
    this.#writing.add(batch)
    this.#writingCount += batch.length
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
    this.#writing.delete(batch)
    this.#writingCount -= batch.length
    onBatch?.(items, now() - startedAt)
    this.#goOn(batch, report, failure)
    this.#endIfIdle()
  }

  #goOn(batch: readonly Entry<T>[], report: BatchReport, failure: unknown): void {
    const { onRetry, onRecovered } = this.#options
    const again = report.retry.map((index) => batch[index]).filter((entry) => isOpen(entry))
    for (const entry of again) entry.attempts += 1
    // Most of it: the sink is away or overloaded. Some of it: these items have a trouble of their own.
    if (report.retry.length > batch.length / 2) {
      this.#waiting = [...again, ...this.#waiting]
      // Writes that were out together fail together: that is one failure.
      if (this.#scheduled?.isPause !== true) {
        this.#failures += 1
        this.#schedulePump(backoffMs(this.#failures, RETRY), true)
      }
      onRetry?.(report.retry.length, this.#failures, failure ?? report.retryReason)
      return
    }
    if (this.#failures > 0) onRecovered?.()
    this.#failures = 0
    if (again.length > 0) {
      const attempt = again.reduce((most, { attempts }) => Math.max(most, attempts), 1)
      onRetry?.(again.length, attempt, report.retryReason)
      this.#letRest(again, attempt)
    }
    this.#pumpNext()
  }

  /** One full batch waits for nothing; less of it lingers, unless it has waited for a write. */
  #pumpNext(): void {
    const isWorthIt = this.#waiting.length >= this.#options.batchMax || this.#writing.size === 0
    if (this.#lingerMs === 0 || isWorthIt) this.#pumpUnlessPaused()
    else if (this.#waiting.length > 0 && this.#scheduled === undefined) this.#scheduleFirst()
  }

  #letRest(entries: readonly Entry<T>[], attempt: number): void {
    this.#resting.push(...entries)
    this.#rest ??= setTimeout(
      () => {
        this.#rest = undefined
        this.#waiting = [...this.#resting.splice(0), ...this.#waiting]
        this.#pumpUnlessPaused()
      },
      backoffMs(attempt, RETRY),
    )
  }

  #endIfIdle(): void {
    if (this.size > 0) return
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    clearTimeout(this.#rest)
    this.#rest = undefined
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #settleBatch(batch: readonly Entry<T>[], report: BatchReport): void {
    const { duplicates, rejected, retry } = report
    if (duplicates.length + rejected.length + retry.length > 0) this.#settleEach(batch, report)
    else for (const entry of batch) this.#settle(entry, ACCEPTED)
  }

  #settleEach(batch: readonly Entry<T>[], report: BatchReport): void {
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
    for (const batch of this.#writing) {
      for (const entry of batch) {
        if (entry.addedAt <= before) this.#settle(entry, { outcome: 'refused', reason })
      }
    }
    const isInTime = (entry: Entry<T>): boolean => {
      if (entry.addedAt > before) return true
      this.#settle(entry, { outcome: 'refused', reason })
      return false
    }
    this.#waiting = this.#waiting.filter(isInTime)
    this.#resting = this.#resting.filter(isInTime)
    this.#endIfIdle()
  }
}

const ACCEPTED: Settled = { outcome: 'accepted' }

function isOpen<T>(entry: Entry<T> | undefined): entry is Entry<T> {
  return entry !== undefined && !entry.settled
}
