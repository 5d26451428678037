import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { HostedService, RemoteFailure } from '../../../lib/worker-rpc.ts'
import { describeFailure, isOfDisk } from '../../sqlite/failures.ts'
import { openForWriting } from '../../sqlite/open-database.ts'

export interface Statement {
  readonly sql: string
  /** Of all times that it runs, one after the other. */
  readonly parameters: readonly SQLInputValue[]
  /** Undefined: once. All of them or none. */
  readonly times?: number
}

export interface StatementResult {
  readonly rows: unknown[]
  /** Rows written; undefined for a statement that answers rows. */
  readonly changes: number | undefined
}

/** No Error: its code would not survive the way to the main thread. */
export interface StatementFailure {
  readonly error: RemoteFailure
}

export interface EngineOptions {
  readonly path: string
  readonly sizeMaxBytes: number
}

interface Prepared {
  readonly statement: StatementSync
  /** It answers rows. */
  readonly isQuery: boolean
}

/** The file's own version; what is in it, the migrations know. */
const FILE_LAYOUT = { version: 1, create: '' }
const PREPARED_MAX = 200
// https://www.sqlite.org/rescode.html (extended codes): PRIMARYKEY, UNIQUE, ROWID
const NOT_UNIQUE: ReadonlySet<unknown> = new Set([1555, 2067, 2579])

/**
 * The operational database's file; lives in a worker thread. A transaction has a number that the
 * caller chose: statements of one that ended or that died with an earlier worker are refused
 * instead of being committed by themselves.
 */
export class SqliteEngine implements HostedService {
  readonly #options: EngineOptions
  readonly #prepared = new Map<string, Prepared>()
  #open: DatabaseSync | undefined
  #transaction: number | undefined

  constructor(options: EngineOptions) {
    this.#options = options
  }

  open(): void {
    this.#open = openForWriting(this.#options.path, FILE_LAYOUT, this.#options.sizeMaxBytes)
  }

  close(): void {
    this.#prepared.clear()
    this.#open?.close()
    this.#open = undefined
  }

  /** Independent statements that share a commit: one that fails leaves the others alone. */
  executeEach(statements: readonly Statement[]): (StatementResult | StatementFailure)[] {
    const [first] = statements
    // Alone, and once: SQLite itself does all of it or nothing.
    if (first !== undefined && statements.length === 1 && first.times === undefined) {
      return [attempt(() => this.#execute(first))]
    }
    return translated(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const results = statements.map((statement) => this.#executeApart(statement))
        this.#db.exec('COMMIT')
        return results
      } catch (error) {
        this.#undo()
        throw error
      }
    })
  }

  /** With its first statement. */
  begin(transaction: number, statement: Statement): StatementResult {
    this.#begin(transaction)
    return this.executeIn(transaction, statement)
  }

  /**
   * One that fails ends the transaction, as on PostgreSQL. A savepoint for each would spare the rest, which
   * nobody wants, and copies every page that changes: a third of all the work.
   */
  executeIn(transaction: number, statement: Statement): StatementResult {
    this.#assertOpen(transaction)
    try {
      return translated(() => this.#execute(statement))
    } catch (error) {
      this.rollback(transaction)
      throw error
    }
  }

  /** With its last statements, which are all of them if it has not begun yet. */
  commit(transaction: number, last: readonly Statement[] = [], isBegun = true): void {
    if (!isBegun) this.#begin(transaction)
    this.#assertOpen(transaction)
    this.#transaction = undefined
    try {
      translated(() => {
        for (const statement of last) this.#execute(statement)
        this.#db.exec('COMMIT')
      })
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Of one that is over already it undoes nothing. */
  rollback(transaction: number): void {
    if (this.#transaction !== transaction) return
    this.#transaction = undefined
    this.#undo()
  }

  #begin(transaction: number): void {
    translated(() => this.#db.exec('BEGIN IMMEDIATE'))
    this.#transaction = transaction
  }

  #executeApart(statement: Statement): StatementResult | StatementFailure {
    this.#db.exec('SAVEPOINT apart')
    const result = attempt(() => this.#execute(statement))
    // A full disk or a failed write may have undone everything already.
    if (!this.#db.isTransaction) throw coded('unavailable', messageOf(result))
    this.#db.exec('error' in result ? 'ROLLBACK TO apart; RELEASE apart' : 'RELEASE apart')
    return result
  }

  /** If it fails at one of its times, the others are done: the caller undoes them. */
  #execute({ sql, parameters, times }: Statement): StatementResult {
    const prepared = this.#prepare(sql)
    if (times === undefined) return run(prepared, parameters)
    if (times === 0) return { rows: [], changes: prepared.isQuery ? undefined : 0 }
    return runTimes(prepared, parameters, times)
  }

  #prepare(sql: string): Prepared {
    const statement = this.#prepared.get(sql) ?? prepare(this.#db, sql)
    this.#prepared.delete(sql)
    this.#prepared.set(sql, statement)
    if (this.#prepared.size > PREPARED_MAX) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest)
        break
      }
    }
    return statement
  }

  #assertOpen(transaction: number): void {
    if (this.#transaction === transaction && this.#db.isTransaction) return
    throw coded('unavailable', 'The transaction is over: it failed, or took too long.')
  }

  #undo(): void {
    if (this.#open?.isTransaction) this.#open.exec('ROLLBACK')
  }

  get #db(): DatabaseSync {
    if (this.#open === undefined) throw coded('unavailable', 'The database is not open.')
    return this.#open
  }
}

function prepare(db: DatabaseSync, sql: string): Prepared {
  const statement = db.prepare(sql)
  return { statement, isQuery: statement.columns().length > 0 }
}

function run(
  { statement, isQuery }: Prepared,
  parameters: readonly SQLInputValue[],
): StatementResult {
  if (isQuery) return { rows: statement.all(...parameters), changes: undefined }
  return { rows: [], changes: Number(statement.run(...parameters).changes) }
}

function runTimes(
  prepared: Prepared,
  parameters: readonly SQLInputValue[],
  times: number,
): StatementResult {
  const width = parameters.length / times
  const rows: unknown[] = []
  let changes = 0
  for (let start = 0; start < parameters.length; start += width) {
    const result = run(prepared, parameters.slice(start, start + width))
    for (const row of result.rows) rows.push(row)
    changes += result.changes ?? 0
  }
  return { rows, changes: prepared.isQuery ? undefined : changes }
}

function attempt(work: () => StatementResult): StatementResult | StatementFailure {
  try {
    return translated(work)
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string }
    return { error: code === undefined ? { name, message } : { name, message, code } }
  }
}

function messageOf(result: StatementResult | StatementFailure): string {
  return 'error' in result ? result.error.message : 'the transaction was undone'
}

/** The worker's channel carries a code and a message, no SQLite numbers. */
function translated<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { errcode } = error as { errcode?: unknown }
    if (NOT_UNIQUE.has(errcode)) throw coded('conflict', (error as Error).message, error)
    if (isOfDisk(error)) throw coded('unavailable', describeFailure(error), error)
    throw error
  }
}

function coded(code: 'conflict' | 'unavailable', message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code })
}
