import type { Failure } from './bulk.ts'

type Updates<U> = Map<string, U>

interface Waiter {
  readonly done: (failures: ReadonlyMap<string, Failure>) => void
  readonly failed: (error: unknown) => void
}

export interface LaneOptions<U> {
  readonly write: (updates: Updates<U>) => Promise<ReadonlyMap<string, Failure>>
  /** Joins an update with one of the same key that waits. */
  readonly add: (updates: Updates<U>, key: string, update: U) => void
}

/**
 * One write at a time; what comes meanwhile is joined by key and goes out together. So no document
 * is in two requests at once, and many changes of one vehicle cost one write.
 */
export class CommitLane<U> {
  readonly #options: LaneOptions<U>
  #waiting: Updates<U> = new Map()
  #waiters: Waiter[] = []
  #isRunning = false

  constructor(options: LaneOptions<U>) {
    this.#options = options
  }

  /** Takes the map over. Failures may name keys of others' updates too. */
  async submit(updates: Updates<U>): Promise<ReadonlyMap<string, Failure>> {
    if (updates.size === 0) return updates as Map<string, never>
    if (this.#waiting.size === 0) this.#waiting = updates
    else for (const [key, update] of updates) this.#options.add(this.#waiting, key, update)
    return new Promise((done, failed) => {
      this.#waiters.push({ done, failed })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiters.length > 0) {
      const updates = this.#waiting
      const waiters = this.#waiters
      this.#waiting = new Map()
      this.#waiters = []
      try {
        const failures = await this.#options.write(updates)
        for (const { done } of waiters) done(failures)
      } catch (error) {
        for (const { failed } of waiters) failed(error)
      }
    }
    this.#isRunning = false
  }
}
