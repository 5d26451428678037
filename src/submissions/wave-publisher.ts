import { errorMessage } from '../domain/errors.ts'
import { backoffMs } from '../lib/backoff.ts'
import type { EventStream, StreamRecord } from '../ports/event-stream.ts'
import type { WriteReport } from '../ports/write-report.ts'
import { type Bug, observeSafely } from './observe-safely.ts'
import { PartitionRate } from './partition-rate.ts'

// What passes through here: the records of many submissions → full calls of the stream, each submission
// in its order. A call may fail for some of its records and store those behind them, so no call holds two
// records of one submission: the first ones of 500 submissions go together, the second one of each as soon
// as its first is confirmed. Nothing is published twice but what was in a call that nobody answered.

export interface WavePublisherOptions {
  readonly stream: EventStream
  /** Calls at the same time. */
  readonly callsMax: number
  /** What it throws stops nothing, and is told to it as a bug. */
  readonly onEvent: (event: PublisherEvent) => void
}

export type PublisherEvent =
  | {
      readonly kind: 'call'
      readonly confirmed: number
      readonly retry: number
      readonly rejected: number
      readonly durationMs: number
    }
  /** Most of a call, or all of it, has to go out again. `attempt` counts from 1. */
  | { readonly kind: 'failed'; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'recovered' }
  | Bug

export type Published =
  /** Every record is in the stream, or named here as what can never be. */
  | {
      readonly kind: 'published'
      readonly count: number
      readonly rejected: readonly { readonly position: number; readonly reason: string }[]
    }
  /** Some may be in the stream, in their order from the first; publish all of it again. */
  | {
      readonly kind: 'refused'
      readonly reason: string
      /** Its records could not be made. That was told, and will hardly be otherwise the next time. */
      readonly isBug?: true
    }

/** One submission on its way: at most one of its records is out at a time. */
interface Lane {
  readonly records: Iterator<StreamRecord>
  readonly resolve: (published: Published) => void
  readonly rejected: { position: number; reason: string }[]
  record: StreamRecord
  partition: Partition
  position: number
  count: number
  /** Calls in a row that didn't store its record. */
  attempts: number
}

/** Of the stream: those whose record waits for a call, oldest first. */
interface Partition {
  readonly rate: PartitionRate
  ready: Lane[]
}

const RETRY = { baseMs: 50, maxMs: 5000 }
/** When a part of the stream has had what it may have in this moment. */
const PACE_MS = 20
/** Of pauses and paces: the time of day may jump. */
const now = (): number => performance.now()

export class WavePublisher {
  readonly #options: WavePublisherOptions
  readonly #onEvent: (event: PublisherEvent) => void
  readonly #partitions = new Map<string, Partition>()
  readonly #lanes = new Set<Lane>()
  #readyCount = 0
  #calls = 0
  /** Calls in a row of which hardly anything was stored. */
  #failures = 0
  #pausedUntil = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  /** Of records that were refused twice in a row. */
  readonly #resting = new Set<NodeJS.Timeout>()
  #isScheduled = false
  #aborted: string | undefined
  /** Whose turn it is, among the parts: none of them waits for another's crowd. */
  #turn = 0

  constructor(options: WavePublisherOptions) {
    this.#options = options
    this.#onEvent = observeSafely(options.onEvent)
  }

  /** Submissions that are not settled yet. */
  get size(): number {
    return this.#lanes.size
  }

  /** Never rejects. The records are asked for one by one; if that throws, the submission is refused. */
  publish(records: Iterable<StreamRecord>): Promise<Published> {
    if (this.#aborted !== undefined) {
      return Promise.resolve({ kind: 'refused', reason: this.#aborted })
    }
    return new Promise((resolve) => {
      try {
        this.#begin(records[Symbol.iterator](), resolve)
      } catch (error) {
        resolve(this.#refuseForBug(error))
      }
    })
  }

  /** Gives up on what is left: it is refused. What is out may still become durable. */
  abort(reason: string): void {
    this.#aborted = reason
    clearTimeout(this.#timer)
    for (const timer of this.#resting) clearTimeout(timer)
    for (const lane of this.#lanes) lane.resolve({ kind: 'refused', reason })
    this.#lanes.clear()
    for (const partition of this.#partitions.values()) partition.ready = []
    this.#readyCount = 0
  }

  #begin(records: Iterator<StreamRecord>, resolve: (published: Published) => void): void {
    const first = records.next()
    if (first.done === true) {
      resolve({ kind: 'published', count: 0, rejected: [] })
      return
    }
    const lane: Lane = {
      ...{ records, resolve, rejected: [], record: first.value },
      partition: this.#partitionOf(first.value),
      ...{ position: 0, count: 0, attempts: 0 },
    }
    this.#lanes.add(lane)
    if (this.#settleIfTooLarge(lane)) this.#makeReady(lane)
  }

  #refuseForBug(error: unknown): Published {
    this.#onEvent({ kind: 'bug', error })
    return { kind: 'refused', reason: errorMessage(error), isBug: true }
  }

  #partitionOf({ key }: StreamRecord): Partition {
    const name = this.#options.stream.partitionOf(key)
    const known = this.#partitions.get(name)
    if (known !== undefined) return known
    const partition = { rate: new PartitionRate(now), ready: [] }
    this.#partitions.set(name, partition)
    return partition
  }

  #makeReady(lane: Lane): void {
    lane.partition.ready.push(lane)
    this.#readyCount += 1
    this.#schedule()
  }

  /** What becomes ready in the same turn of the event loop goes out together. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    const { callsMax, stream } = this.#options
    const waitMs = this.#pausedUntil - now()
    if (waitMs > 0) this.#pumpLater(waitMs)
    else this.#sendWaves(callsMax, stream.limits.recordsMax)
  }

  #sendWaves(callsMax: number, recordsMax: number): void {
    // A call that isn't full goes out only if no other does: it would take the place of a full one.
    while (this.#readyCount > 0 && this.#calls < callsMax) {
      if (this.#calls > 0 && this.#readyCount < recordsMax) return
      const lanes = this.#takeWave()
      if (lanes.length === 0) {
        this.#pumpLater(PACE_MS)
        return
      }
      void this.#call(lanes)
    }
  }

  #pumpLater(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#pump(), ms)
  }

  /** Of each part what it may have, in turns, up to a full call. */
  #takeWave(): Lane[] {
    const { recordsMax, bytesMax } = this.#options.stream.limits
    const wave: Lane[] = []
    let bytes = 0
    const partitions = [...this.#partitions.values()].filter(({ ready }) => ready.length > 0)
    this.#turn += 1
    for (let index = 0; index < partitions.length; index += 1) {
      const partition = partitions[(index + this.#turn) % partitions.length] as Partition
      const share = Math.ceil((recordsMax - wave.length) / (partitions.length - index))
      const most = Math.min(share, partition.rate.room(), partition.ready.length)
      let count = 0
      while (count < most) {
        const lane = partition.ready[count] as Lane
        const size = sizeOf(lane.record)
        if (bytes + size > bytesMax) break
        bytes += size
        wave.push(lane)
        count += 1
      }
      partition.ready.splice(0, count)
      partition.rate.take(count)
    }
    this.#readyCount -= wave.length
    return wave
  }

  async #call(lanes: readonly Lane[]): Promise<void> {
    const { stream } = this.#options
    this.#calls += 1
    const startedAt = now()
    let report: WriteReport
    try {
      report = await stream.append(lanes.map(({ record }) => record))
    } catch (error) {
      report = {
        ...{ accepted: 0, duplicates: [], rejected: [] },
        retry: [...lanes.keys()],
        retryReason: errorMessage(error),
      }
    }
    this.#calls -= 1
    if (this.#aborted !== undefined) return
    this.#settle(lanes, report, now() - startedAt)
    this.#schedule()
  }

  #settle(lanes: readonly Lane[], report: WriteReport, durationMs: number): void {
    const { retry, rejected } = report
    const confirmed = lanes.length - retry.length - rejected.length
    this.#onEvent({
      ...{ kind: 'call', confirmed, durationMs },
      ...{ retry: retry.length, rejected: rejected.length },
    })
    this.#noteHealth(lanes.length, report)
    const again = new Set(retry)
    const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
    for (const [index, lane] of lanes.entries()) {
      const { rate } = lane.partition
      const isAgain = again.has(index)
      rate.report(isAgain ? 0 : 1, isAgain ? 1 : 0)
      if (isAgain) this.#tryAgain(lane)
      else this.#advance(lane, reasons.get(index))
    }
  }

  /** After two calls in a row that failed for most of their records nothing goes out for a while. */
  #noteHealth(count: number, { retry, retryReason = 'no reason given' }: WriteReport): void {
    if (retry.length <= count / 2) {
      if (this.#failures > 0) this.#onEvent({ kind: 'recovered' })
      this.#failures = 0
      return
    }
    // Calls that were out together fail together: that is one failure.
    if (this.#pausedUntil > now()) return
    this.#failures += 1
    // One in ten may fail, and the next goes through: a pause for each would cost a tenth of all time.
    if (this.#failures > 1) this.#pausedUntil = now() + backoffMs(this.#failures - 1, RETRY)
    this.#onEvent({ kind: 'failed', attempt: this.#failures, reason: retryReason })
  }

  /** At once for the first time: others of the call were stored, so the stream is there. */
  #tryAgain(lane: Lane): void {
    lane.attempts += 1
    if (lane.attempts === 1) {
      this.#makeReady(lane)
      return
    }
    const again = () => {
      this.#resting.delete(timer)
      this.#makeReady(lane)
    }
    const timer = setTimeout(again, backoffMs(lane.attempts - 1, RETRY))
    this.#resting.add(timer)
  }

  /** Its record is confirmed, or can never be: now the next one. */
  #advance(lane: Lane, reason: string | undefined): void {
    if (reason === undefined) lane.count += 1
    else lane.rejected.push({ position: lane.position, reason })
    if (this.#takeNext(lane) && this.#settleIfTooLarge(lane)) this.#makeReady(lane)
  }

  /** False: there is none, and it is settled. */
  #takeNext(lane: Lane): boolean {
    try {
      const next = lane.records.next()
      if (next.done !== true) {
        lane.record = next.value
        lane.position += 1
        lane.attempts = 0
        return true
      }
    } catch (error) {
      // Only this one: the others of its call are well.
      this.#lanes.delete(lane)
      lane.resolve(this.#refuseForBug(error))
      return false
    }
    this.#lanes.delete(lane)
    lane.resolve({ kind: 'published', count: lane.count, rejected: lane.rejected })
    return false
  }

  /** Steps over records that no call takes. False: nothing is left, and it is settled. */
  #settleIfTooLarge(lane: Lane): boolean {
    const { recordBytesMax, bytesMax } = this.#options.stream.limits
    const most = Math.min(recordBytesMax, bytesMax)
    for (;;) {
      const size = sizeOf(lane.record)
      if (size <= most) return true
      const reason = `larger than ${most} bytes, which is the most that the stream takes: ${size}`
      lane.rejected.push({ position: lane.position, reason })
      if (!this.#takeNext(lane)) return false
    }
  }
}

function sizeOf({ key, data }: StreamRecord): number {
  return data.length + Buffer.byteLength(key)
}
