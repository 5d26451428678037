import { keyOf } from './recent-bodies.ts'

/**
 * How often a submission has ended in a bug of ours here; not every way in says how often it has come. In
 * bounded memory: what was forgotten is counted from the beginning.
 */
export class BugCounts {
  readonly #max: number
  /** By body, the newest last. */
  readonly #counts = new Map<string, number>()

  /** @param max of submissions that are remembered */
  constructor(max: number) {
    this.#max = max
  }

  /** Once more; says how often by now. */
  count(body: string): number {
    const key = keyOf(body)
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.delete(key)
    this.#counts.set(key, count)
    if (this.#counts.size > this.#max) {
      const [oldest = ''] = this.#counts.keys()
      this.#counts.delete(oldest)
    }
    return count
  }
}
