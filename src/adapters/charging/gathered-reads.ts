import { FleetgridError } from '../../domain/errors.ts'

export interface GatheredReadsOptions<Value> {
  /** What is there of these keys, which are all different. */
  readonly fetch: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>
  /** Keys that wait; more are refused. */
  readonly queueMax: number
  /** Keys of one statement. */
  readonly keysMax: number
}

type Waiting<Value> = Map<string, PromiseWithResolvers<Value | undefined>>

/**
 * Lookups that arrive while one is under way go together as the next. An answer is never older
 * than its question.
 */
export class GatheredReads<Value> {
  readonly #options: GatheredReadsOptions<Value>
  #waiting: Waiting<Value> = new Map()
  #isRunning = false

  constructor(options: GatheredReadsOptions<Value>) {
    this.#options = options
  }

  find(key: string): Promise<Value | undefined> {
    const known = this.#waiting.get(key)
    if (known !== undefined) return known.promise
    const { queueMax } = this.#options
    if (this.#waiting.size >= queueMax) {
      const problem = `Charging store: more than ${queueMax} lookups wait.`
      return Promise.reject(new FleetgridError('unavailable', problem))
    }
    const asked = Promise.withResolvers<Value | undefined>()
    this.#waiting.set(key, asked)
    if (!this.#isRunning) {
      this.#isRunning = true
      // With it goes what else is asked in this turn of the event loop.
      setImmediate(() => void this.#run())
    }
    return asked.promise
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) await this.#fetch(this.#take())
    this.#isRunning = false
  }

  #take(): Waiting<Value> {
    const { keysMax } = this.#options
    const all = this.#waiting
    this.#waiting = new Map()
    if (all.size <= keysMax) return all
    const entries = [...all]
    this.#waiting = new Map(entries.slice(keysMax))
    return new Map(entries.slice(0, keysMax))
  }

  async #fetch(asked: Waiting<Value>): Promise<void> {
    try {
      const found = await this.#options.fetch([...asked.keys()])
      for (const [key, { resolve }] of asked) resolve(found.get(key))
    } catch (error) {
      for (const { reject } of asked.values()) reject(error)
    }
  }
}
