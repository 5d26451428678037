import type { WriteReport } from './write-report.ts'

/** One record of the stream; records of one key keep the order in which they were confirmed. */
export interface StreamRecord {
  readonly key: string
  readonly data: Uint8Array
}

/** What one call may hold; the engine's own limits, or a stream's settings. */
export interface StreamLimits {
  readonly recordsMax: number
  /** Of all records of a call, keys included. */
  readonly bytesMax: number
  /** Of one record, key included; a larger one is rejected without asking. */
  readonly recordBytesMax: number
}

/** Ordered events out, for other systems. */
export interface EventStream {
  readonly limits: StreamLimits
  open(): Promise<void>
  /**
   * Durable when it resolves, except what the report names. Records of one call have no order among
   * each other: who needs one waits for the report. A rejection means that nothing is known; all of
   * it may be appended again, and is perhaps there twice then.
   */
  append(records: readonly StreamRecord[]): Promise<WriteReport>
  /** Which part of the stream holds the key: parts have limits of their own. */
  partitionOf(key: string): string
  /** What keeps events from leaving right now, in words for a person; empty when all is well. */
  problems(): readonly string[]
  close(): Promise<void>
}
