/**
 * Wakes other instances. A signal is a hint that there is something to read, never the data itself:
 * the receiver reads from where the data is, and copes with a signal that came twice. A signal that
 * was published while this instance listens is delivered, if late: behind the push there is polling.
 */
export interface Signals {
  open(): Promise<void>
  close(): Promise<void>
  check(): Promise<void>
  /**
   * Resolves when all other instances will get it.
   * @param payload at most SIGNAL_SIZE_MAX_BYTES of UTF-8
   */
  publish(channel: string, payload: string): Promise<void>
  /** `deliver` gets what other instances and this one publish, in order of each publisher. */
  subscribe(channel: string, deliver: (payload: string) => void): () => void
}

/** PostgreSQL allows 8000 bytes in a notification. */
export const SIGNAL_SIZE_MAX_BYTES = 4096
