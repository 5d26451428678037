/** Something that will happen; harmless to cancel twice. */
export interface Task {
  cancel(): void
}

interface Entry {
  readonly dueMs: number
  /** What is due at the same moment happens in the order in which it was asked for. */
  readonly order: number
  run: (() => void) | undefined
}

/** Longer than this a timer of Node can't wait. */
const WAIT_MAX_MS = 2_000_000_000

/**
 * The time of all stations: one timer, set for whatever comes next. It runs `speed` times as fast
 * for cars and people (`later`), and as always for what the protocol waits for (`after`).
 */
export class Scheduler {
  readonly speed: number
  /** A binary heap: the next one first. */
  readonly #entries: Entry[] = []
  #order = 0
  #timer: NodeJS.Timeout | undefined
  #timerMs = Infinity
  #stopped = false

  constructor(speed = 1) {
    this.speed = speed
  }

  /** Epoch milliseconds, for time stamps: these are always those of the clock. */
  now(): number {
    return Date.now()
  }

  /** In so many milliseconds of the clock; NaN, which nothing comes after, is now. */
  after(milliseconds: number, run: () => void): Task {
    const dueMs = performance.now() + (milliseconds || 0)
    const entry: Entry = { dueMs, order: this.#order++, run }
    this.#push(entry)
    this.#arm()
    return {
      cancel() {
        entry.run = undefined
      },
    }
  }

  /** In so many simulated seconds. */
  later(seconds: number, run: () => void): Task {
    return this.after((seconds * 1000) / this.speed, run)
  }

  /** Simulated seconds since a moment of `now()`. */
  secondsSince(epochMs: number): number {
    return Math.max(0, ((this.now() - epochMs) / 1000) * this.speed)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#entries.length = 0
  }

  #arm(): void {
    const [first] = this.#entries
    if (first === undefined || first.dueMs >= this.#timerMs || this.#stopped) return
    clearTimeout(this.#timer)
    this.#timerMs = first.dueMs
    const waitMs = Math.min(WAIT_MAX_MS, Math.max(0, Math.ceil(first.dueMs - performance.now())))
    this.#timer = setTimeout(() => this.#runDue(), waitMs)
  }

  #runDue(): void {
    const nowMs = performance.now()
    this.#timerMs = Infinity
    for (let first = this.#entries[0]; first && first.dueMs <= nowMs; first = this.#entries[0]) {
      this.#pop()
      first.run?.()
    }
    this.#arm()
  }

  #push(entry: Entry): void {
    const heap = this.#entries
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(entry, heap[parent])) break
      heap[index] = heap[parent] as Entry
      index = parent
    }
    heap[index] = entry
  }

  #pop(): void {
    const heap = this.#entries
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left
      if (!isBefore(heap[child], last)) break
      heap[index] = heap[child] as Entry
      index = child
    }
    heap[index] = last
  }
}

function isBefore(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined) return false
  if (other === undefined) return true
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
}
