import type { WriteReport } from './write-report.ts'

/** A message that can't be used, kept with all that is needed to understand and redrive it. */
export interface DeadLetter {
  readonly topic: string
  /** As it came, byte by byte. */
  readonly payload: Uint8Array
  /** For people: what is wrong and where. */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly receivedAt: number
}

export type DeadLetterState = 'open' | 'redriven'

export interface StoredDeadLetter extends DeadLetter {
  /** Derived from topic and payload: the same message twice is one letter with count 2. */
  readonly id: string
  readonly state: DeadLetterState
  /** How often this very message has come. */
  readonly count: number
  readonly firstReceivedAt: number
  readonly redriveAttempts: number
  readonly redrivenAt?: number
  /** Its payload was removed behind our back: it is shown empty and can't be redriven. */
  readonly isPayloadLost?: true
}

export interface DeadLetterQuery {
  readonly state?: DeadLetterState
  /** Exact topic. */
  readonly topic?: string
  /** 0 for the first page, otherwise `next` of the page before. */
  readonly after: number
  readonly limit: number
}

export interface DeadLetterPage {
  /** Newest first; the payload can be large, a page holds at most `limit` of them. */
  readonly letters: readonly StoredDeadLetter[]
  readonly next: number | undefined
}

export interface DeadLetters {
  open(): Promise<void>
  /** Durable when it resolves. The same topic and payload again raises the count and reopens. */
  keep(letters: readonly DeadLetter[]): Promise<WriteReport>
  list(query: DeadLetterQuery): Promise<DeadLetterPage>
  get(id: string): Promise<StoredDeadLetter | undefined>
  /**
   * Takes an open letter for one try: nobody else gets it until it is marked, released, or this
   * time is over. False: another has it, it is redriven already, or there is no such letter.
   */
  claim(id: string, durationMs: number): Promise<boolean>
  /** Gives back what was claimed and could not be tried. */
  release(id: string): Promise<void>
  /** The message was accepted at last; ends the claim. */
  markRedriven(id: string, at: number): Promise<void>
  /** It failed again, for this reason; ends the claim. Once accepted it stays accepted. */
  markFailedAgain(id: string, reason: string): Promise<void>
  /**
   * Removes letters received before `olderThan`, then the oldest beyond the size limit, in small
   * steps; after `signal` no further one.
   */
  trim(
    olderThan: number,
    signal?: AbortSignal,
  ): Promise<{ readonly expired: number; readonly evicted: number }>
  countOpen(): Promise<number>
  close(): Promise<void>
}
