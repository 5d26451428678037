import { messageLine } from '../domain/message-line.ts'
import { Batcher, type Settled } from '../lib/batcher.ts'
import type { Archive, ArchiveRecord } from '../ports/archive.ts'
import type { FeedMessage } from '../ports/telemetry-feed.ts'

// What passes through here: each message of the feeds, on its way to ingest and, at the same time, to the
// archive. Its sender is told when both have it.

export interface ArchiveMessagesOptions {
  readonly archive: Archive
  readonly deliver: (message: FeedMessage) => void
  /** Messages that wait for the archive; more are refused. */
  readonly queueMax: number
  readonly deadlineMs: number
  readonly now: () => number
  readonly onEvent: (event: ArchiveEvent) => void
}

export type ArchiveEvent =
  | { readonly kind: 'archived'; readonly count: number }
  | { readonly kind: 'failed'; readonly attempt: number; readonly cause: unknown }
  | { readonly kind: 'rejected'; readonly topic: string; readonly reason: string }
  | { readonly kind: 'recovered' }

interface Entry {
  readonly record: ArchiveRecord
  readonly topic: string
  readonly half: Half
}

/** One of the two who must have it. */
interface Half {
  acknowledge(): void
  refuse(reason: string): void
}

const BATCH_MAX = 1000

export class ArchiveMessages {
  readonly #options: ArchiveMessagesOptions
  readonly #lines: Batcher<Entry>

  constructor(options: ArchiveMessagesOptions) {
    const { archive, queueMax, deadlineMs, now, onEvent } = options
    this.#options = options
    this.#lines = new Batcher<Entry>({
      write: (entries) => archive.append(entries.map(({ record }) => record)),
      settle: (entry, result) => this.#settle(entry, result),
      onBatch: (entries) => onEvent({ kind: 'archived', count: entries.length }),
      onRetry: (_count, attempt, cause) => onEvent({ kind: 'failed', attempt, cause }),
      onRecovered: () => onEvent({ kind: 'recovered' }),
      ...{ batchMax: BATCH_MAX, queueMax, deadlineMs, now },
    })
  }

  /** Never throws, never waits. */
  deliver(message: FeedMessage): void {
    const [one, other] = halve(message)
    const { topic, payload, receivedAt } = message
    const record = { data: messageLine(topic, payload, receivedAt), arrivedAt: receivedAt }
    this.#lines.add({ record, topic, half: one })
    this.#options.deliver({ topic, payload, receivedAt, ...other })
  }

  problems(): string[] {
    const { archive } = this.#options
    const waiting = this.#lines.failing
      ? [`archive: writes fail, ${this.#lines.size} messages wait for it`]
      : []
    return [...waiting, ...archive.problems()]
  }

  drain(): Promise<void> {
    return this.#lines.drain()
  }

  abort(reason: string): void {
    this.#lines.abort(reason)
  }

  #settle({ topic, half }: Entry, result: Settled): void {
    if (result.outcome === 'refused') half.refuse(result.reason)
    else half.acknowledge()
    // Ingest has it all the same: for one message that is too large nothing may stop.
    if (result.outcome === 'rejected')
      this.#options.onEvent({ kind: 'rejected', topic, reason: result.reason })
  }
}

/** Acknowledged when both are, refused when the first is. */
function halve(message: FeedMessage): [Half, Half] {
  let missing = 2
  const acknowledge = (): void => {
    missing -= 1
    if (missing === 0) message.acknowledge()
  }
  const refuse = (reason: string): void => {
    if (missing > 0) message.refuse(reason)
    missing = Number.NEGATIVE_INFINITY
  }
  return [
    { acknowledge, refuse },
    { acknowledge, refuse },
  ]
}
