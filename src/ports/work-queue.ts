/** One message of a queue. Exactly one of the two answers counts: the first. */
export interface QueueMessage {
  readonly id: string
  readonly body: string
  /** How often it has been received, this time included. Approximate. */
  readonly receiveCount: number
  /** Epoch milliseconds at which the queue got it: the same each time that it comes. */
  readonly sentAt: number
  /** It is done: delete it. */
  delete(): void
  /** Not now: it comes again, the later the more often it has come. */
  release(): void
}

/** Work that comes in by a queue; what is out stays invisible to others until it is answered. */
export interface WorkQueue {
  /** Resolves when the queue has answered once; `deliver` must neither throw nor wait. */
  start(deliver: (message: QueueMessage) => void): Promise<void>
  /** No further message is delivered; those that are out may still be answered. */
  stopIntake(): Promise<void>
  close(): Promise<void>
  /** Where its producers send to, for logs. */
  describe(): { readonly url: string }
  /** What keeps messages from coming or leaving, in words for a person; empty when all is well. */
  problems(): readonly string[]
}
