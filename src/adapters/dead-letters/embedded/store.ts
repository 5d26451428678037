import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { HostedService } from '../../../lib/worker-rpc.ts'
import type {
  DeadLetter,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterState,
  StoredDeadLetter,
} from '../../../ports/dead-letters.ts'
import type { WriteReport } from '../../../ports/write-report.ts'
import { describeFailure, failureKind } from '../../sqlite/failures.ts'
import { openForWriting, transact } from '../../sqlite/open-database.ts'
import { DEAD_LETTERS_FILE, DEAD_LETTERS_SCHEMA } from './schema.ts'

/** What a row costs besides its texts: columns, indices. */
const ROW_SIZE_BYTES = 300
const POSITIONS_PER_MS = 1024
const CROWDING_MAX_MS = 3_600_000
/** Small enough that a letter behind it waits for tens of milliseconds at most. */
const TRIM_STEP_LETTERS = 200

const LAST_POSITION = 'SELECT max(position) AS position FROM letter WHERE position < ?'
const KEEP = `
INSERT INTO letter (id, position, size, topic, reason, received_at, first_received_at, count,
  state, redrive_attempts, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, 'open', 0, ?7)
ON CONFLICT (id) DO UPDATE SET position = excluded.position, size = excluded.size,
  reason = excluded.reason, received_at = excluded.received_at, count = count + 1, state = 'open'`
const GET = 'SELECT * FROM letter WHERE id = ?'
const MARK_REDRIVEN = `
UPDATE letter SET state = 'redriven', redriven_at = ?, redrive_attempts = redrive_attempts + 1
WHERE id = ?`
const MARK_FAILED = `
UPDATE letter SET state = 'open', reason = ?, redrive_attempts = redrive_attempts + 1
WHERE id = ?`
const EXPIRE = `
DELETE FROM letter WHERE number IN
  (SELECT number FROM letter WHERE received_at < ?1 AND position < ?2 ORDER BY position LIMIT ?3)`
const TOTAL_SIZE = 'SELECT coalesce(sum(size), 0) AS size FROM letter'
const OLDEST = 'SELECT position, size FROM letter ORDER BY position LIMIT ?'
const EVICT = 'DELETE FROM letter WHERE position <= ?'
const COUNT_OPEN = "SELECT count(*) AS count FROM letter WHERE state = 'open'"

export interface StoreOptions {
  readonly dataDir: string
  readonly sizeMaxBytes: number
}

/** Dead letters in one SQLite file; lives in a worker thread of its own. */
export class DeadLetterStore implements HostedService {
  readonly #options: StoreOptions
  #open: DatabaseSync | undefined

  constructor(options: StoreOptions) {
    this.#options = options
  }

  open(): void {
    const { dataDir, sizeMaxBytes } = this.#options
    // The limit is kept by `trim`. The file may outgrow it between two trims, but not for ever.
    const fileSizeMaxBytes = sizeMaxBytes * 2 + 16_000_000
    this.#open = openForWriting(
      join(dataDir, DEAD_LETTERS_FILE),
      DEAD_LETTERS_SCHEMA,
      fileSizeMaxBytes,
    )
  }

  close(): void {
    this.#open?.close()
  }

  keep(letters: readonly DeadLetter[]): WriteReport {
    try {
      transact(this.#db, 'BEGIN IMMEDIATE', () => {
        for (const letter of letters) this.#keepOne(letter)
      })
      return { accepted: letters.length, duplicates: [], rejected: [], retry: [] }
    } catch (error) {
      if (failureKind(error) === 'refused') throw error
      const retry = letters.map((_, index) => index)
      return { accepted: 0, duplicates: [], rejected: [], retry }
    }
  }

  #keepOne({ topic, payload, reason, receivedAt }: DeadLetter): void {
    const hash = createHash('sha256').update(topic).update('\0').update(payload)
    const id = hash.digest('hex').slice(0, 32)
    const text = reason.toWellFormed()
    const size =
      ROW_SIZE_BYTES + payload.length + Buffer.byteLength(topic) + Buffer.byteLength(text)
    const position = this.#freePosition(receivedAt)
    this.#run(KEEP, id, position, size, topic, text, receivedAt, payload)
  }

  #freePosition(receivedAt: number): number {
    for (let at = receivedAt; ; at += 1) {
      const next = (at + 1) * POSITIONS_PER_MS
      const last = Number(this.#get(LAST_POSITION, next)?.['position'] ?? -1)
      const position = Math.max(at * POSITIONS_PER_MS, last + 1)
      if (position < next) return position
    }
  }

  list({ state, topic, after, limit }: DeadLetterQuery): DeadLetterPage {
    const conditions = ['position < ?']
    const values: SQLInputValue[] = [after === 0 ? Number.MAX_SAFE_INTEGER : after]
    if (state !== undefined) {
      conditions.push('state = ?')
      values.push(state)
    }
    if (topic !== undefined) {
      conditions.push('topic = ?')
      values.push(topic)
    }
    const where = conditions.join(' AND ')
    const sql = `SELECT * FROM letter WHERE ${where} ORDER BY position DESC LIMIT ?`
    const rows = this.#db.prepare(sql).all(...values, limit + 1)
    const shown = rows.slice(0, limit)
    return {
      letters: shown.map(readLetter),
      next: rows.length > limit ? toNumber(shown.at(-1)?.['position']) : undefined,
    }
  }

  get(id: string): StoredDeadLetter | undefined {
    const row = this.#get(GET, id)
    return row === undefined ? undefined : readLetter(row)
  }

  markRedriven(id: string, at: number): void {
    this.#run(MARK_REDRIVEN, at, id)
  }

  markFailedAgain(id: string, reason: string): void {
    this.#run(MARK_FAILED, reason.toWellFormed(), id)
  }

  /** How many letters from before `olderThan` this step removed; 0 when none is left. */
  expireSome(olderThan: number): number {
    // Crowded milliseconds push positions up a little; the bound spares reading all newer letters.
    const bound = Math.min(
      (olderThan + CROWDING_MAX_MS) * POSITIONS_PER_MS,
      Number.MAX_SAFE_INTEGER,
    )
    return this.#run(EXPIRE, olderThan, bound, TRIM_STEP_LETTERS)
  }

  /** How many of the oldest letters this step removed to get below the size limit. */
  evictSome(): number {
    let excess = Number(this.#get(TOTAL_SIZE)?.['size']) - this.#options.sizeMaxBytes
    let last: number | undefined
    for (const row of this.#db.prepare(OLDEST).all(TRIM_STEP_LETTERS)) {
      if (excess <= 0) break
      excess -= Number(row['size'])
      last = Number(row['position'])
    }
    return last === undefined ? 0 : this.#run(EVICT, last)
  }

  countOpen(): number {
    return Number(this.#get(COUNT_OPEN)?.['count'])
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#db.prepare(sql).get(...values)
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    try {
      return Number(this.#db.prepare(sql).run(...values).changes)
    } catch (error) {
      if (failureKind(error) === 'refused' || this.#db.isTransaction) throw error
      throw unavailable(`Dead letters can't be written: ${describeFailure(error)}`, error)
    }
  }

  get #db(): DatabaseSync {
    if (this.#open === undefined) throw unavailable('Dead letters are not open.')
    return this.#open
  }
}

function readLetter(row: Record<string, SQLOutputValue>): StoredDeadLetter {
  const redrivenAt = toNumber(row['redriven_at'])
  return {
    id: String(row['id']),
    topic: String(row['topic']),
    payload: row['payload'] instanceof Uint8Array ? row['payload'] : new Uint8Array(),
    reason: String(row['reason']),
    receivedAt: Number(row['received_at']),
    firstReceivedAt: Number(row['first_received_at']),
    count: Number(row['count']),
    state: row['state'] as DeadLetterState,
    redriveAttempts: Number(row['redrive_attempts']),
    ...(redrivenAt === undefined ? {} : { redrivenAt }),
  }
}

function toNumber(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function unavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: 'unavailable' })
}
