import { errorMessage } from '../domain/errors.ts'
import { Batcher, type Settled } from '../lib/batcher.ts'
import type { DeadLetter } from '../ports/dead-letters.ts'
import type { EventStream } from '../ports/event-stream.ts'
import type { WriteReport } from '../ports/write-report.ts'
import { BugCounts } from './bug-counts.ts'
import {
  type BadEventPolicy,
  decodeSubmission,
  describeRejected,
  isInvalid,
} from './decode-submission.ts'
import { DeviceCounts } from './device-counts.ts'
import { mapEvents } from './map-events.ts'
import { observeSafely } from './observe-safely.ts'
import { encodingOf } from './read-body.ts'
import { RecentBodies } from './recent-bodies.ts'
import type { Encoding, InvalidSubmission, RejectedEvent, Submission } from './submission.ts'
import { type Published, type PublisherEvent, WavePublisher } from './wave-publisher.ts'

// What passes through here: a queue's message → decodeSubmission → mapEvents → WavePublisher → deleted
// from the queue, once its last event is confirmed. What can't be used, or can't be published, goes to
// the diagnostics with its reason and all its bytes, and is deleted when it is durable there.

/** Under which rejected submissions are kept as dead letters. */
export const SUBMISSIONS_TOPIC = 'fleetgrid/submissions'

/** One submission as it came. Exactly one of the two answers is given, once. */
export interface IncomingSubmission {
  readonly body: string
  /** Epoch milliseconds at which the queue got it. */
  readonly sentAt: number
  /** How often it has come, this time included, if its queue says so. */
  readonly receiveCount?: number
  /** It is in the diagnostics already: if it is rejected, that is only told. */
  readonly isKept?: true
  /** It is published, or kept with the reason why not. */
  done(outcome: SubmissionOutcome): void
  /** Neither: it has to come again. */
  again(reason: string): void
}

export type SubmissionOutcome =
  | { readonly kind: 'published' | 'duplicate'; readonly events: number }
  /** Some of its events are published, if the settings allow that; the rest is in the diagnostics. */
  | { readonly kind: 'rejected'; readonly events: number; readonly reason: string }

/** Of one submission; of one that came again, or will: none. */
export interface EventCounts {
  readonly published: number
  readonly rejected: number
}

/** Each is told once; for metrics and logs. */
export type SubmissionEvent =
  | {
      readonly kind: 'submission'
      readonly outcome: SubmissionOutcome['kind'] | 'refused'
      readonly encoding: Encoding
      readonly events: EventCounts
      /** From the queue's receipt to the confirmation of its last event. */
      readonly latencyMs: number
      readonly reason?: string
    }
  | { readonly kind: 'diagnostics-failed'; readonly attempt: number; readonly reason: string }
  | PublisherEvent

export interface SubmissionsOptions {
  readonly stream: EventStream
  /** Where rejected ones go: the diagnostic queue, or the dead letters. */
  readonly keep: (letters: readonly DeadLetter[]) => Promise<WriteReport>
  readonly badEvents: BadEventPolicy
  readonly callsMax: number
  /** Rejected submissions that wait to be kept; more of them come again. */
  readonly keepQueueMax: number
  readonly devicesMax: number
  readonly recentMax: number
  readonly now: () => number
  /** What it throws stops nothing, and is told to it as a bug. */
  readonly onEvent: (event: SubmissionEvent) => void
}

interface Letter {
  readonly letter: DeadLetter
  readonly kept: (result: Settled) => void
}

const LETTERS_AT_ONCE_MAX = 200
/** What has come so often and ends in a bug of ours would do so for ever: it is kept instead. */
const DELIVERIES_UNTIL_KEPT = 5
/** Of what an exception says: it may quote anything. */
const PROBLEM_LENGTH_MAX = 300
const KEPT: Settled = { outcome: 'duplicate' }
const NO_EVENTS: EventCounts = { published: 0, rejected: 0 }

export class Submissions {
  readonly devices: DeviceCounts
  readonly #options: SubmissionsOptions
  readonly #publisher: WavePublisher
  readonly #letters: Batcher<Letter>
  readonly #recent: RecentBodies
  readonly #bugs: BugCounts
  readonly #onEvent: (event: SubmissionEvent) => void
  readonly #handling = new Set<Promise<void>>()

  constructor(options: SubmissionsOptions) {
    const { stream, keep, callsMax, keepQueueMax, devicesMax, recentMax, now } = options
    const onEvent = observeSafely(options.onEvent)
    this.#options = options
    this.#onEvent = onEvent
    this.devices = new DeviceCounts(devicesMax)
    this.#recent = new RecentBodies(recentMax)
    this.#bugs = new BugCounts(recentMax)
    this.#publisher = new WavePublisher({ stream, callsMax, onEvent })
    this.#letters = new Batcher<Letter>({
      write: (letters) => keep(letters.map(({ letter }) => letter)),
      settle: ({ kept }, result) => kept(result),
      onRetry: (_count, attempt, cause) =>
        onEvent({ kind: 'diagnostics-failed', attempt, reason: errorMessage(cause) }),
      batchMax: LETTERS_AT_ONCE_MAX,
      queueMax: keepQueueMax,
      // The queue's message waits as long as it takes.
      deadlineMs: Number.POSITIVE_INFINITY,
      now,
    })
  }

  /** Submissions that are neither done nor given back. */
  get size(): number {
    return this.#handling.size
  }

  /** Never throws, never waits. */
  handle(incoming: IncomingSubmission): void {
    const handled = this.#handle(incoming)
      .catch((error) => {
        this.#onEvent({ kind: 'bug', error })
        return this.#endInBug(incoming, errorMessage(error))
      })
      // Of whoever was to be answered.
      .catch((error) => this.#onEvent({ kind: 'bug', error }))
    this.#handling.add(handled)
    void handled.finally(() => this.#handling.delete(handled))
  }

  /** A rejected submission once more, as one that came when it first did. */
  redrive({
    payload,
    firstReceivedAt,
  }: DeadLetter & { readonly firstReceivedAt: number }): Promise<{
    readonly outcome: 'accepted' | 'dead-lettered' | 'unavailable'
    readonly reason?: string
  }> {
    return new Promise((resolve) => {
      this.handle({
        body: Buffer.from(payload).toString('utf8'),
        sentAt: firstReceivedAt,
        isKept: true,
        done(outcome) {
          if (outcome.kind !== 'rejected') resolve({ outcome: 'accepted' })
          else resolve({ outcome: 'dead-lettered', reason: outcome.reason })
        },
        again: (reason) => resolve({ outcome: 'unavailable', reason }),
      })
    })
  }

  /** What keeps submissions from becoming events right now; empty when all is well. */
  problems(): string[] {
    const problems = [...this.#options.stream.problems()]
    if (this.#letters.failing) {
      problems.push(`diagnostics: writes fail, ${this.#letters.size} submissions wait for them`)
    }
    return problems
  }

  /** Resolves when every submission is done or given back. */
  async drain(): Promise<void> {
    while (this.#handling.size > 0) await Promise.all(this.#handling)
  }

  /** Gives back what is left. */
  abort(reason: string): void {
    this.#publisher.abort(reason)
    this.#letters.abort(reason)
  }

  async #handle(incoming: IncomingSubmission): Promise<void> {
    const { body } = incoming
    const decoded = decodeSubmission(body, this.#options.badEvents)
    if (isInvalid(decoded)) {
      await this.#reject(incoming, decoded, NO_EVENTS)
      return
    }
    // What the stream refused it may take now: that is what somebody has redriven it for.
    if (incoming.isKept) this.#recent.forget(body)
    const { isFirst, published } = this.#recent.publish(body, () => this.#publish(decoded))
    await this.#settle(incoming, decoded, await published, isFirst)
  }

  #publish(submission: Submission): Promise<Published> {
    return this.#publisher.publish(mapEvents(submission, this.#options.now))
  }

  async #settle(
    incoming: IncomingSubmission,
    submission: Submission,
    published: Published,
    isFirst: boolean,
  ): Promise<void> {
    const { deviceId, encoding } = submission
    if (published.kind === 'refused' && published.isBug) {
      await this.#endInBug(incoming, published.reason)
      return
    }
    if (published.kind === 'refused') {
      this.#giveBack(incoming, encoding, published.reason)
      return
    }
    const rejected = rejectedOf(submission, published)
    const events = isFirst ? { published: published.count, rejected: rejected.length } : NO_EVENTS
    if (rejected.length > 0) {
      const reason = `published without ${describeRejected(rejected)}`
      await this.#reject(incoming, { reason, deviceId, encoding }, events)
      return
    }
    this.devices.countValid(deviceId)
    const kind = isFirst ? 'published' : 'duplicate'
    this.#tell(incoming, encoding, kind, events)
    incoming.done({ kind, events: published.count })
  }

  /** It comes again, but not for ever: then it is kept, although nothing is said to be wrong with it. */
  async #endInBug(incoming: IncomingSubmission, problem: string): Promise<void> {
    const { body } = incoming
    const encoding = encodingOf(body)
    const reason = `internal error: ${problem.slice(0, PROBLEM_LENGTH_MAX)}`
    if (this.#isLastChance(incoming)) {
      await this.#reject(incoming, { reason, deviceId: undefined, encoding }, NO_EVENTS)
    } else {
      this.#giveBack(incoming, encoding, reason)
    }
  }

  #isLastChance({ body, receiveCount = 1, isKept }: IncomingSubmission): boolean {
    if (isKept) return false
    return Math.max(receiveCount, this.#bugs.count(body)) >= DELIVERIES_UNTIL_KEPT
  }

  /** Done when the diagnostics have it. */
  async #reject(
    incoming: IncomingSubmission,
    { reason, deviceId, encoding }: InvalidSubmission,
    events: EventCounts,
  ): Promise<void> {
    const result = incoming.isKept ? KEPT : await this.#keep(incoming, reason)
    if (result.outcome === 'refused' || result.outcome === 'rejected') {
      // What was published of it counts now: when it comes again, it is no first time.
      this.#giveBack(incoming, encoding, `not kept in the diagnostics: ${result.reason}`, events)
      return
    }
    this.devices.countInvalid(deviceId, reason, this.#options.now())
    this.#tell(incoming, encoding, 'rejected', events, reason)
    incoming.done({ kind: 'rejected', events: events.published, reason })
  }

  #keep({ body, sentAt: receivedAt }: IncomingSubmission, reason: string): Promise<Settled> {
    const letter = { topic: SUBMISSIONS_TOPIC, payload: Buffer.from(body), reason, receivedAt }
    return new Promise((kept) => this.#letters.add({ letter, kept }))
  }

  #giveBack(
    incoming: IncomingSubmission,
    encoding: Encoding,
    reason: string,
    events = NO_EVENTS,
  ): void {
    this.#tell(incoming, encoding, 'refused', events, reason)
    incoming.again(reason)
  }

  #tell(
    { sentAt }: IncomingSubmission,
    encoding: Encoding,
    outcome: SubmissionOutcome['kind'] | 'refused',
    events: EventCounts,
    reason?: string,
  ): void {
    this.#onEvent({
      kind: 'submission',
      ...{ outcome, encoding, events, latencyMs: this.#options.now() - sentAt },
      ...(reason === undefined ? {} : { reason }),
    })
  }
}

/** Those that were dropped as they came, and those that the stream never takes. */
function rejectedOf(
  { events, rejected }: Submission,
  published: Extract<Published, { kind: 'published' }>,
): RejectedEvent[] {
  const unpublished = published.rejected.map(({ position, reason }) => {
    const { type, index } = events[position] ?? { type: '?', index: position }
    return { path: `events.${type}[${index}]`, reason: `can't be published: ${reason}` }
  })
  return [...rejected, ...unpublished]
}
