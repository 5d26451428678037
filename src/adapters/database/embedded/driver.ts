import type { SQLInputValue } from 'node:sqlite'
import type { DatabaseConnection, Driver, QueryResult } from 'kysely'
import { FleetgridError } from '../../../domain/errors.ts'
import type { WorkerClient } from '../../../lib/worker-rpc.ts'
import type { LastQuery } from '../database.ts'
import { answerOf } from './answer-of.ts'
import { runsOf } from './each-row.ts'
import type { SqliteEngine, Statement, StatementResult } from './engine.ts'
import { StatementBatches } from './statement-batches.ts'
import { Turns } from './turns.ts'

export interface DriverLimits {
  /** A transaction that is open for longer is undone. */
  readonly transactionMaxMs: number
  /** Whoever waits longer for a turn is refused. */
  readonly waitMaxMs: number
}

/** Kysely's driver for the one connection of a worker thread: transactions take turns. */
export class EmbeddedDriver implements Driver {
  readonly #engine: WorkerClient<SqliteEngine>
  readonly #limits: DriverLimits
  readonly #turns: Turns
  readonly #batches: StatementBatches
  #lastTransaction = 0

  constructor(engine: WorkerClient<SqliteEngine>, limits: DriverLimits) {
    this.#engine = engine
    this.#limits = limits
    this.#turns = new Turns(limits.waitMaxMs)
    this.#batches = new StatementBatches(this.#turns, (statements) =>
      answerOf(engine.call('executeEach', statements)),
    )
  }

  async init(): Promise<void> {
    await answerOf(this.#engine.start())
  }

  async destroy(): Promise<void> {
    await answerOf(this.#engine.close())
  }

  async acquireConnection(): Promise<EmbeddedConnection> {
    return new EmbeddedConnection(this.#engine, this.#batches)
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#turns.take()
    this.#lastTransaction += 1
    const number = this.#lastTransaction
    const timer = setTimeout(
      () => void this.#end(connection as EmbeddedConnection, 'rollback').catch(() => undefined),
      this.#limits.transactionMaxMs,
    )
    ;(connection as EmbeddedConnection).transaction = {
      ...{ number, timer, last: [], isOpen: true, isBegun: false },
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#end(connection as EmbeddedConnection, 'commit')
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // If the worker is gone, so is the transaction.
    await this.#end(connection as EmbeddedConnection, 'rollback').catch(() => undefined)
  }

  async #end({ transaction }: EmbeddedConnection, how: 'commit' | 'rollback'): Promise<void> {
    if (transaction?.isOpen !== true) {
      if (how === 'rollback') return
      throw tooLong()
    }
    transaction.isOpen = false
    clearTimeout(transaction.timer)
    const { number, last, isBegun } = transaction
    try {
      if (how === 'rollback') {
        if (isBegun) await answerOf(this.#engine.call('rollback', number))
      } else if (isBegun || last.length > 0) {
        await answerOf(this.#engine.call('commit', number, last, isBegun))
      }
    } finally {
      this.#turns.release()
    }
  }
}

function tooLong(): FleetgridError {
  return new FleetgridError('unavailable', 'Database: the transaction took too long.')
}

interface OpenTransaction {
  readonly number: number
  readonly timer: NodeJS.Timeout
  /** Statements that go with the commit. */
  readonly last: Statement[]
  isOpen: boolean
  /** In the engine, by its first statement. */
  isBegun: boolean
}

class EmbeddedConnection implements DatabaseConnection {
  readonly #engine: WorkerClient<SqliteEngine>
  readonly #batches: StatementBatches
  transaction: OpenTransaction | undefined

  constructor(engine: WorkerClient<SqliteEngine>, batches: StatementBatches) {
    this.#engine = engine
    this.#batches = batches
  }

  async executeQuery<R>({ sql, parameters, isLast }: LastQuery): Promise<QueryResult<R>> {
    const runs = runsOf(parameters)
    const statement = { ...runs, sql, parameters: runs.parameters.map(toInput) }
    if (isLast === true && this.transaction !== undefined) {
      this.transaction.last.push(statement)
      return { rows: [] }
    }
    const { rows, changes } = await this.#execute(statement)
    if (changes === undefined) return { rows: rows as R[] }
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  // biome-ignore lint/correctness/useYield: Kysely wants the method; nobody streams from a turn.
  async *streamQuery<R>(): AsyncGenerator<QueryResult<R>> {
    throw new Error('the database answers whole; read it page by page')
  }

  #execute(statement: Statement): Promise<StatementResult> {
    if (this.transaction === undefined) return this.#batches.execute(statement)
    const { number, isBegun, isOpen } = this.transaction
    if (!isOpen) return Promise.reject(tooLong())
    this.transaction.isBegun = true
    return answerOf(this.#engine.call(isBegun ? 'executeIn' : 'begin', number, statement))
  }
}

function toInput(value: unknown): SQLInputValue {
  // A view into a large network buffer would be sent with all of that buffer.
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return value as SQLInputValue
}
