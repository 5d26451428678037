import type { FeedMessage } from '../ports/telemetry-feed.ts'
import type { Outcome } from './outcome.ts'
import type { TopicFamily } from './topics.ts'
import type { Place } from './vehicle-events.ts'

export type Incoming = Pick<FeedMessage, 'topic' | 'payload' | 'receivedAt'>

/** One message on its way. */
export interface Passage {
  readonly incoming: Incoming
  readonly family: TopicFamily | 'other'
  /** Told how it ended. */
  readonly tell: (outcome: Outcome, incoming: Incoming) => void
  /** Raw send time, once decoded. */
  sentAt?: number
  /** Among those of its vehicle, where they are published. */
  place?: Place | undefined
}
