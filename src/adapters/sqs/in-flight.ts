import type { Message, SQSClient } from '@aws-sdk/client-sqs'
import type { SqsPollerConfig } from '../../config/adapters.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { isDoneWithin } from '../../lib/within.ts'
import { changeVisibility, deleteMessages } from './batch-calls.ts'
import { type BatchAnswer, BatchRequests } from './batch-requests.ts'
import { describeFailure, type SqsFailure } from './describe-failure.ts'
import { Room } from './room.ts'
import type { SqsEvent, SqsOperation } from './sqs-event.ts'

/** One message that was received and is neither deleted nor given back. */
interface Tracked {
  readonly id: string
  /** Of the newest receive: an older one may not delete the message any more. */
  receiptHandle: string
  state: 'out' | 'deleting' | 'releasing'
  /** When to ask for more time, by `performance.now()`. */
  extendAt: number
  extending: boolean
  /** What it takes of the room. */
  readonly bytes: number
}

interface Failure extends SqsFailure {
  readonly attempt: number
}

interface VisibilityChange {
  readonly tracked: Tracked
  readonly seconds: number
  readonly releases: boolean
}

const DELETE_REQUESTS_MAX = 8
const VISIBILITY_REQUESTS_MAX = 4
/** Beside the receiving ones. */
export const REQUESTS_MAX = DELETE_REQUESTS_MAX + VISIBILITY_REQUESTS_MAX
/** Every request costs money, whether it has one entry or ten. */
const LINGER_MS = 50
const RETRY = { baseMs: 200, maxMs: 20_000 }
/** Of a message that is refused again and again. */
const RELEASE_DELAY = { baseMs: 1000, maxMs: 300_000 }
/** 0 would do on SQS; fauxqs 2.4.1 with a data folder answers 500 to that and mislays the message. */
const RELEASE_NOW_SECONDS = 1
/** Closing waits for deletes and releases no longer than this; what is left comes again. */
const CLOSE_TIMEOUT_MS = 5000
/** Of a message beside its body: handle, attributes, the objects that hold them. */
const MESSAGE_OVERHEAD_BYTES = 2048
/** A queue that fails so often in a row is a problem of this process. */
export const ATTEMPTS_BEFORE_PROBLEM = 3
/** Looks for messages that need more time so often while one is kept invisible. */
const LOOKS_PER_VISIBILITY = 8

/**
 * The messages that are out: keeps them invisible to others as long as they are handled, one timer
 * for all; deletes or releases them in batches; and bounds how many there are.
 */
export class InFlight {
  readonly #client: SQSClient
  readonly #config: SqsPollerConfig
  readonly #onEvent: (event: SqsEvent) => void
  /** In order of `extendAt`. */
  readonly #tracked = new Map<string, Tracked>()
  readonly #deletes: BatchRequests<Tracked>
  readonly #changes: BatchRequests<VisibilityChange>
  readonly #room: Room
  /** What fails now. */
  readonly #failures = new Map<SqsOperation, Failure>()
  #timer: NodeJS.Timeout | undefined

  constructor(client: SQSClient, config: SqsPollerConfig, onEvent: (event: SqsEvent) => void) {
    this.#client = client
    this.#config = config
    this.#onEvent = onEvent
    this.#room = new Room(config.inFlightMax, config.inFlightMaxBytes)
    this.#deletes = new BatchRequests<Tracked>({
      ...this.#sharedOptions('delete', 'sqs:DeleteMessage'),
      concurrency: DELETE_REQUESTS_MAX,
      send: (items) => this.#sendDeletes(items),
      isWanted: () => true,
      settle: (tracked, fault) => this.#settleDelete(tracked, fault),
    })
    this.#changes = new BatchRequests<VisibilityChange>({
      ...this.#sharedOptions('change-visibility', 'sqs:ChangeMessageVisibility'),
      concurrency: VISIBILITY_REQUESTS_MAX,
      send: (items) => this.#sendChanges(items),
      isWanted: ({ tracked, releases }) => this.#isWanted(tracked, releases),
      settle: (change, fault) => this.#settleChange(change, fault),
    })
  }

  start(): void {
    const intervalMs = this.#config.visibilityMs / LOOKS_PER_VISIBILITY
    this.#timer = setInterval(() => this.#extendDue(), intervalMs).unref()
  }

  /** Waits for room and takes it, so that what a receive brings always has its place. */
  reserve(count: number): Promise<void> {
    return this.#room.reserve(count)
  }

  unreserve(count: number): void {
    this.#room.unreserve(count)
  }

  /** Nobody waits for room any more. */
  wakeAll(): void {
    this.#room.close()
  }

  /** What keeps messages that were handled from leaving, for readiness. */
  problems(): string[] {
    const isFull = this.#room.isFull()
    const problems: string[] = []
    for (const [operation, { attempt, needsPerson, message }] of this.#failures) {
      if (!needsPerson && !isFull && attempt < ATTEMPTS_BEFORE_PROBLEM) continue
      problems.push(
        operation === 'delete' && isFull ? `${message}; ${this.#describeStall()}` : message,
      )
    }
    return problems
  }

  /** undefined if it came again while it is out: it goes on under its new handle. */
  track(message: Message): string | undefined {
    const { MessageId: id = '', ReceiptHandle: receiptHandle = '', Body: body = '' } = message
    const known = this.#tracked.get(id)
    if (known !== undefined) {
      if (known.state !== 'releasing') {
        known.receiptHandle = receiptHandle
        return undefined
      }
      // It came before its release was sent, or answered: this one is new, and that release not its.
      this.#forget(known)
    }
    const bytes = Buffer.byteLength(body) + MESSAGE_OVERHEAD_BYTES
    this.#room.take(bytes)
    this.#add({ id, receiptHandle, state: 'out', extendAt: 0, extending: false, bytes })
    return id
  }

  delete(id: string): void {
    const tracked = this.#tracked.get(id)
    if (tracked?.state !== 'out') return
    tracked.state = 'deleting'
    this.#deletes.add(tracked)
  }

  /** It was refused: the more often it has come, the later it comes again. */
  releaseLater(id: string, receiveCount: number): void {
    this.#release(id, Math.max(1, Math.round(backoffMs(receiveCount, RELEASE_DELAY) / 1000)))
  }

  /** Nothing is wrong with it: another instance shall have it. */
  releaseNow(id: string): void {
    this.#release(id, RELEASE_NOW_SECONDS)
  }

  /** Gives back what is out and waits for requests under way, for a bounded time. */
  async close(): Promise<void> {
    for (const id of this.#tracked.keys()) this.releaseNow(id)
    const drained = Promise.all([this.#deletes.drain(), this.#changes.drain()])
    await isDoneWithin(CLOSE_TIMEOUT_MS, drained)
    clearInterval(this.#timer)
    this.#deletes.abandon()
    this.#changes.abandon()
    this.#tracked.clear()
  }

  #release(id: string, seconds: number): void {
    const tracked = this.#tracked.get(id)
    if (tracked?.state !== 'out') return
    tracked.state = 'releasing'
    this.#changes.add({ tracked, seconds, releases: true })
  }

  #sharedOptions(operation: SqsOperation, permission: string) {
    return {
      lingerMs: LINGER_MS,
      pauseMs: (cause: unknown, attempt: number): number => {
        const failure = describeFailure(cause, this.#config.queueUrl, permission)
        this.#failures.set(operation, { attempt, ...failure })
        this.#onEvent({ kind: 'failed', operation, attempt, ...failure })
        return backoffMs(attempt, RETRY)
      },
      onRecovered: () => {
        this.#failures.delete(operation)
        this.#onEvent({ kind: 'recovered', operation })
      },
    }
  }

  #describeStall(): string {
    let deleting = 0
    for (const { state } of this.#tracked.values()) if (state === 'deleting') deleting += 1
    return `${deleting} messages are stored but not deleted, and no more are received until they are`
  }

  #add(tracked: Tracked): void {
    tracked.extendAt = performance.now() + this.#config.visibilityMs / 2
    this.#tracked.set(tracked.id, tracked)
  }

  #forget(tracked: Tracked): void {
    if (this.#tracked.get(tracked.id) !== tracked) return
    this.#tracked.delete(tracked.id)
    this.#room.give(tracked.bytes)
  }

  #extendDue(): void {
    const now = performance.now()
    const seconds = Math.ceil(this.#config.visibilityMs / 1000)
    for (const tracked of this.#tracked.values()) {
      if (tracked.extendAt > now) return
      // To the end of the line.
      this.#tracked.delete(tracked.id)
      this.#add(tracked)
      if (tracked.extending || tracked.state === 'releasing') continue
      tracked.extending = true
      this.#changes.add({ tracked, seconds, releases: false })
    }
  }

  /**
   * An extension of what has been released or deleted meanwhile would be wrong or in vain, and so
   * would be the release of what has come again.
   */
  #isWanted(tracked: Tracked, releases: boolean): boolean {
    const isTracked = this.#tracked.get(tracked.id) === tracked
    if (releases) return isTracked
    const isOut = isTracked && tracked.state !== 'releasing'
    if (!isOut) tracked.extending = false
    return isOut
  }

  async #sendDeletes(items: readonly Tracked[]): Promise<BatchAnswer> {
    const handles = items.map(({ receiptHandle }) => receiptHandle)
    const answer = await deleteMessages(this.#client, this.#config.queueUrl, handles)
    const count = items.length - answer.hopeless.length - answer.retry.length
    this.#onEvent({ kind: 'deleted', count })
    return answer
  }

  #sendChanges(items: readonly VisibilityChange[]): Promise<BatchAnswer> {
    const changes = items.map(({ tracked, seconds }) => ({
      handle: tracked.receiptHandle,
      seconds,
    }))
    return changeVisibility(this.#client, this.#config.queueUrl, changes)
  }

  #settleDelete(tracked: Tracked, fault: string | undefined): void {
    this.#forget(tracked)
    if (fault === undefined) return
    this.#onEvent({ kind: 'lost', operation: 'delete', reason: fault })
  }

  #settleChange({ tracked, releases }: VisibilityChange, fault: string | undefined): void {
    const isTracked = this.#tracked.get(tracked.id) === tracked
    tracked.extending = false
    if (releases) this.#forget(tracked)
    if (fault === undefined) {
      this.#onEvent({ kind: releases ? 'released' : 'extended', count: 1 })
    } else if (isTracked && (releases || tracked.state === 'out')) {
      this.#onEvent({ kind: 'lost', operation: 'change-visibility', reason: fault })
    }
  }
}
