import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import type { StreamRecord } from '../../../ports/event-stream.ts'
import type { WriteReport } from '../../../ports/write-report.ts'
import { describeFailure, failureKind } from '../../sqlite/failures.ts'
import { boundLog, openForWriting, transact } from '../../sqlite/open-database.ts'

export const EVENT_STREAM_FILE = 'event-stream.db'

/** `number` is never given twice, so that a reader knows where it was. */
const SCHEMA = {
  version: 1,
  create: `
    CREATE TABLE event (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      key TEXT NOT NULL,
      data BLOB NOT NULL
    ) STRICT`,
}
/** With each append; more than an append brings, so that it catches up after a pause. */
const DROPPED_MAX = 2000

export interface LogWriterOptions {
  readonly dataDir: string
  readonly sizeMaxBytes: number
  readonly retentionMs: number
}

/** The only connection that writes; lives in a worker thread of its own. */
export class LogWriter implements HostedService {
  readonly #options: LogWriterOptions
  readonly #path: string
  #db: DatabaseSync | undefined
  #insert: StatementSync | undefined
  #drop: StatementSync | undefined

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#path = join(options.dataDir, EVENT_STREAM_FILE)
  }

  open(): void {
    const db = openForWriting(this.#path, SCHEMA, this.#options.sizeMaxBytes)
    this.#db = db
    this.#insert = db.prepare('INSERT INTO event (at, key, data) VALUES (?, ?, ?)')
    // Numbers grow with time, so the oldest are the first.
    this.#drop = db.prepare(`DELETE FROM event WHERE number IN
      (SELECT number FROM event ORDER BY number LIMIT ?) AND at < ?`)
  }

  close(): void {
    this.#db?.close()
  }

  /** One transaction, synced when it returns. */
  append(records: readonly StreamRecord[], at: number): WriteReport {
    const report = { duplicates: [], rejected: [] }
    const { accepted, error } = this.#store(records, at)
    if (error === undefined) return { ...report, accepted, retry: [] }
    return { ...report, accepted: 0, retry: [...records.keys()], retryReason: adviseOn(error) }
  }

  #store(records: readonly StreamRecord[], at: number): { accepted: number; error?: unknown } {
    const [db, insert, drop] = [this.#db, this.#insert, this.#drop]
    if (db === undefined || insert === undefined || drop === undefined) {
      return { accepted: 0, error: new Error('it is not open') }
    }
    try {
      // By itself: when the file is full it makes the room that the rest needs.
      drop.run(DROPPED_MAX, at - this.#options.retentionMs)
      transact(db, 'BEGIN IMMEDIATE', () => {
        for (const { key, data } of records) insert.run(at, key, data)
      })
      boundLog(db, this.#path)
      return { accepted: records.length }
    } catch (error) {
      return { accepted: 0, error }
    }
  }
}

function adviseOn(error: unknown): string {
  const advice =
    failureKind(error) === 'full'
      ? 'Raise EVENT_STREAM_SIZE_MAX_MB, free disk space, or lower EVENT_STREAM_RETENTION_HOURS.'
      : 'Look at the disk of DATA_DIR: its space, its health and its permissions.'
  return `The event stream can't be written: ${describeFailure(error)}. ${advice}`
}
