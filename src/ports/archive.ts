import type { WriteReport } from './write-report.ts'

/** What is kept as it came; a line of NDJSON ends with its newline. */
export interface ArchiveRecord {
  readonly data: Uint8Array
  /** Epoch milliseconds. */
  readonly arrivedAt: number
}

/** Raw records for later: batched, compressed, placed by time in an object store. */
export interface Archive {
  open(): Promise<void>
  /** Durable when it resolves, except what the report names; stored in order, perhaps twice. */
  append(records: readonly ArchiveRecord[]): Promise<WriteReport>
  /** What was appended becomes objects now instead of when it is time. */
  flush(): Promise<void>
  /** What keeps records from being taken or delivered, in words for a person; empty when all is well. */
  problems(): readonly string[]
  close(): Promise<void>
}
