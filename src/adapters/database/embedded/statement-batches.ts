import { WorkerError } from '../../../lib/worker-rpc.ts'
import { toDomain } from './answer-of.ts'
import type { Statement, StatementFailure, StatementResult } from './engine.ts'
import type { Turns } from './turns.ts'

const BATCH_MAX = 200

interface Waiting {
  readonly statement: Statement
  readonly resolve: (result: StatementResult) => void
  readonly reject: (reason: unknown) => void
}

type ExecuteEach = (statements: Statement[]) => Promise<(StatementResult | StatementFailure)[]>

/**
 * Statements outside transactions that wait for the same turn share it, and so one sync to disk.
 * Each still commits or fails by itself.
 */
export class StatementBatches {
  readonly #turns: Turns
  readonly #executeEach: ExecuteEach
  #gathering: Waiting[] | undefined

  constructor(turns: Turns, executeEach: ExecuteEach) {
    this.#turns = turns
    this.#executeEach = executeEach
  }

  execute(statement: Statement): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      const isNew = this.#gathering === undefined || this.#gathering.length >= BATCH_MAX
      const batch = isNew ? [] : (this.#gathering ?? [])
      batch.push({ statement, resolve, reject })
      this.#gathering = batch
      if (isNew) void this.#run(batch)
    })
  }

  async #run(batch: Waiting[]): Promise<void> {
    try {
      await this.#turns.take()
    } catch (error) {
      this.#seal(batch)
      for (const { reject } of batch) reject(error)
      return
    }
    this.#seal(batch)
    try {
      const results = await this.#executeEach(batch.map(({ statement }) => statement))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index]
        if (result === undefined) reject(new Error('the engine left a statement out'))
        else if ('error' in result) reject(toDomain(new WorkerError(result.error)))
        else resolve(result)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#turns.release()
    }
  }

  #seal(batch: Waiting[]): void {
    if (this.#gathering === batch) this.#gathering = undefined
  }
}
