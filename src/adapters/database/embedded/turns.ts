import { FleetgridError } from '../../../domain/errors.ts'

/** So many wait at once; more are refused. */
const WAITING_MAX = 10_000

interface Waiter {
  readonly admit: () => void
  readonly timer: NodeJS.Timeout
}

/** One at a time, first come first served; whoever waits too long is refused. */
export class Turns {
  readonly #waitMaxMs: number
  readonly #waiting = new Set<Waiter>()
  #taken = false

  constructor(waitMaxMs: number) {
    this.#waitMaxMs = waitMaxMs
  }

  /** Resolves when it is the caller's turn, who ends it by calling `release` once. */
  async take(): Promise<void> {
    if (!this.#taken) {
      this.#taken = true
      return
    }
    if (this.#waiting.size >= WAITING_MAX) throw busy(`more than ${WAITING_MAX} callers wait`)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter)
        reject(busy(`it had no turn within ${this.#waitMaxMs} ms`))
      }, this.#waitMaxMs)
      const waiter = { admit: resolve, timer }
      this.#waiting.add(waiter)
    })
  }

  release(): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      clearTimeout(waiter.timer)
      waiter.admit()
      return
    }
    this.#taken = false
  }
}

function busy(reason: string): FleetgridError {
  return new FleetgridError('unavailable', `Database: ${reason}.`)
}
