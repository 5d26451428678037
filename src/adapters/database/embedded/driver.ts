import type { SQLInputValue } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import { FleetgridError } from '../../../domain/errors.ts'
import type { WorkerClient } from '../../../lib/worker-rpc.ts'
import { answerOf } from './answer-of.ts'
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
    try {
      await answerOf(this.#engine.call('begin', number))
    } catch (error) {
      this.#turns.release()
      throw error
    }
    const timer = setTimeout(
      () => void this.#end(connection as EmbeddedConnection, 'rollback').catch(() => undefined),
      this.#limits.transactionMaxMs,
    )
    ;(connection as EmbeddedConnection).transaction = { number, timer, isOpen: true }
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
      throw new FleetgridError('unavailable', 'Database: the transaction took too long.')
    }
    transaction.isOpen = false
    clearTimeout(transaction.timer)
    try {
      await answerOf(this.#engine.call(how, transaction.number))
    } finally {
      this.#turns.release()
    }
  }
}

interface OpenTransaction {
  readonly number: number
  readonly timer: NodeJS.Timeout
  isOpen: boolean
}

class EmbeddedConnection implements DatabaseConnection {
  readonly #engine: WorkerClient<SqliteEngine>
  readonly #batches: StatementBatches
  transaction: OpenTransaction | undefined

  constructor(engine: WorkerClient<SqliteEngine>, batches: StatementBatches) {
    this.#engine = engine
    this.#batches = batches
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = { sql, parameters: parameters.map(toInput) }
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
    return answerOf(this.#engine.call('executeIn', this.transaction.number, statement))
  }
}

function toInput(value: unknown): SQLInputValue {
  // A view into a large network buffer would be sent with all of that buffer.
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return value as SQLInputValue
}
