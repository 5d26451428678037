/** Told when its time has come. Must not throw: others wait behind it. */
export interface Timed {
  onDue(now: number): void
}

/** One time at which one owner is to be told; it is its own place in the wheel's lists. */
export class WheelTimer {
  readonly owner: Timed
  dueAt = 0
  before: WheelTimer = this
  after: WheelTimer = this

  constructor(owner: Timed) {
    this.owner = owner
  }
}

export interface WheelOptions {
  /** How late an owner may be told. */
  readonly tickMs: number
  /** Milliseconds that only grow. */
  readonly now: () => number
}

const SLOTS = 1024
const NOBODY: Timed = { onDue() {} }

/**
 * A hundred thousand deadlines behind one interval of Node: setting and clearing one costs a few
 * assignments and no memory. Nobody is told early, or more than a tick late.
 */
export class Wheel {
  readonly #tickMs: number
  readonly #now: () => number
  /** Each the head of a ring; a timer further off than one turn stays in its ring for the next. */
  readonly #slots = Array.from({ length: SLOTS }, () => new WheelTimer(NOBODY))
  #tick: number
  #interval: NodeJS.Timeout | undefined

  constructor({ tickMs, now }: WheelOptions) {
    this.#tickMs = tickMs
    this.#now = now
    this.#tick = Math.floor(now() / tickMs)
  }

  start(): void {
    // Not before the sockets are read: after a stall of this process, what says that somebody lives
    // waits there, and nobody must be told that it is late.
    const turnSoon = (): void => void setImmediate(() => this.turn())
    this.#interval ??= setInterval(turnSoon, this.#tickMs).unref()
  }

  stop(): void {
    clearInterval(this.#interval)
    this.#interval = undefined
  }

  /** By the wheel's clock. A timer has one time: the last one given. */
  set(timer: WheelTimer, dueAt: number): void {
    unlink(timer)
    timer.dueAt = dueAt
    const tick = Math.max(Math.ceil(dueAt / this.#tickMs), this.#tick + 1)
    link(timer, this.#slot(tick))
  }

  clear(timer: WheelTimer): void {
    unlink(timer)
  }

  /** Tells everyone whose time has come. */
  turn(): void {
    const now = this.#now()
    const last = Math.floor(now / this.#tickMs)
    // After a long stall one turn reaches all slots.
    this.#tick = Math.max(this.#tick, last - SLOTS)
    while (this.#tick < last) {
      this.#tick += 1
      this.#tell(this.#slot(this.#tick), now)
    }
  }

  #tell(slot: WheelTimer, now: number): void {
    const round = new WheelTimer(NOBODY)
    takeOver(slot, round)
    while (round.after !== round) {
      const timer = round.after
      unlink(timer)
      if (timer.dueAt > now) link(timer, slot)
      else timer.owner.onDue(now)
    }
  }

  #slot(tick: number): WheelTimer {
    return this.#slots[tick % SLOTS] as WheelTimer
  }
}

function link(timer: WheelTimer, head: WheelTimer): void {
  timer.before = head.before
  timer.after = head
  head.before.after = timer
  head.before = timer
}

function unlink(timer: WheelTimer): void {
  timer.before.after = timer.after
  timer.after.before = timer.before
  timer.before = timer
  timer.after = timer
}

/** What is linked to `from` is linked to `to`, in the same order. */
function takeOver(from: WheelTimer, to: WheelTimer): void {
  if (from.after === from) return
  to.after = from.after
  to.before = from.before
  to.after.before = to
  to.before.after = to
  from.after = from
  from.before = from
}
