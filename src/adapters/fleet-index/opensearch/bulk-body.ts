const SIZE_MIN_BYTES = 65_536
/** Larger ones are rare and not used again. */
const REUSED_MAX_BYTES = 8_000_000
const IDLE_MAX = 4
/** In UTF-8, of one UTF-16 unit. */
const UNIT_MAX_BYTES = 3

/**
 * The operations of a bulk request as they are sent. Each text goes into the bytes at once: joining
 * texts first, to measure and to encode them later, costs several times as much.
 */
export class BulkBody {
  #bytes: Buffer
  #size = 0
  /** Where each operation ends. */
  #ends: number[] = []
  #isKept = false

  constructor() {
    this.#bytes = Buffer.allocUnsafe(SIZE_MIN_BYTES)
  }

  static of(operations: readonly string[]): BulkBody {
    const body = new BulkBody()
    for (const operation of operations) body.add(operation)
    return body
  }

  /** A request with it failed: some of it may still be on its way. */
  keep(): void {
    this.#isKept = true
  }

  /** Empty, to be filled again; false if it can't be. What `slice` returned before is overwritten. */
  clear(): boolean {
    if (this.#isKept || this.#bytes.length > REUSED_MAX_BYTES) return false
    this.#size = 0
    this.#ends = []
    return true
  }

  /** Of operations. */
  get count(): number {
    return this.#ends.length
  }

  /** One operation, in pieces: an action and its document, both with a line end. */
  add(...pieces: readonly string[]): void {
    for (const piece of pieces) {
      const needed = this.#size + piece.length * UNIT_MAX_BYTES
      if (needed > this.#bytes.length) this.#grow(needed)
      this.#size += this.#bytes.write(piece, this.#size)
    }
    this.#ends.push(this.#size)
  }

  /** Those from number `from` up to, but without, number `to`. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#endOf(from - 1), this.#endOf(to - 1))
  }

  /** As many from number `from` on as fit, but at least one: the number behind the last. */
  endOfChunk(from: number, sizeMaxBytes: number): number {
    const end = this.#endOf(from - 1) + sizeMaxBytes
    if (this.#size <= end) return this.count
    let to = from + 1
    while (to < this.count && this.#endOf(to) <= end) to += 1
    return to
  }

  #endOf(number: number): number {
    return this.#ends[number] ?? 0
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#size)
    this.#bytes = larger
  }
}

/** Bodies to be used again: memory that is new each time costs more than what is written into it. */
export class IdleBodies {
  readonly #idle: BulkBody[] = []

  take(): BulkBody {
    return this.#idle.pop() ?? new BulkBody()
  }

  giveBack(body: BulkBody): void {
    if (this.#idle.length < IDLE_MAX && body.clear()) this.#idle.push(body)
  }
}
