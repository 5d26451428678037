/**
 * Remembers when a message first came, for the few whose version depends on it: their sender's
 * clock is ahead, or they carry no time at all. Without it such a message would be newer each time
 * it is delivered again, and undo what came after it.
 */
export class FirstReceived {
  readonly #times = new Map<string, number>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** The time of the first call with this id, which may be now. */
  note(id: string, receivedAt: number): number {
    const known = this.#times.get(id)
    if (known !== undefined) return Math.min(known, receivedAt)
    if (this.#times.size >= this.#max) {
      const [oldest] = this.#times.keys()
      if (oldest !== undefined) this.#times.delete(oldest)
    }
    this.#times.set(id, receivedAt)
    return receivedAt
  }
}
