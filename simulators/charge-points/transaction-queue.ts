import type { CallOutcome } from './connection.ts'
import type { Counts } from './counts.ts'
import type { Scheduler } from './scheduler.ts'

/** A message that must not be lost: StartTransaction, StopTransaction, MeterValues, TransactionEvent. */
export interface TransactionMessage {
  readonly action: string
  /** Called once, when it is sent first: what was answered to the messages before is known by then. */
  readonly compose: () => object
  readonly answered?: ((payload: unknown) => void) | undefined
  /** May go if there is no room: a meter value, not a start or a stop. */
  readonly isDispensable: boolean
}

interface Queued extends TransactionMessage {
  /** Once composed it stays: repeated with the same content. */
  payload: object | undefined
  attempts: number
}

export interface QueueOptions {
  /** OCPP 1.6 §3.7.1: TransactionMessageAttempts and TransactionMessageRetryInterval. */
  readonly attemptsMax: () => number
  readonly retryIntervalS: () => number
  /** Whether messages may be sent now. */
  readonly isReady: () => boolean
  readonly call: (action: string, payload: object) => Promise<CallOutcome>
}

const QUEUED_MAX = 1000
/** The connection had no room for another call. */
const CROWDED_WAIT_MS = 1000

/** The transaction messages of a station: one after the other, in the order in which things happened. */
export class TransactionQueue {
  readonly #options: QueueOptions
  readonly #scheduler: Scheduler
  readonly #counts: Counts
  readonly #messages: Queued[] = []
  #isBusy = false

  constructor(options: QueueOptions, scheduler: Scheduler, counts: Counts) {
    this.#options = options
    this.#scheduler = scheduler
    this.#counts = counts
  }

  get size(): number {
    return this.#messages.length
  }

  add(message: TransactionMessage): void {
    if (this.#messages.length >= QUEUED_MAX) this.#makeRoom()
    this.#messages.push({ ...message, payload: undefined, attempts: 0 })
    this.pump()
  }

  /** To be called when the station may send again. */
  pump(): void {
    const [message] = this.#messages
    if (message === undefined || this.#isBusy || !this.#options.isReady()) return
    this.#isBusy = true
    void this.#send(message)
  }

  async #send(message: Queued): Promise<void> {
    message.payload ??= message.compose()
    this.#settle(message, await this.#options.call(message.action, message.payload))
  }

  #settle(message: Queued, outcome: CallOutcome): void {
    if (outcome.kind === 'lost') {
      // Not an attempt that counts: it comes again with the next connection.
      this.#isBusy = false
      if (this.#options.isReady()) this.#scheduler.after(CROWDED_WAIT_MS, () => this.pump())
      return
    }
    if (outcome.kind === 'answer') {
      this.#remove(message)
      message.answered?.(outcome.payload)
      this.#continue()
      return
    }
    message.attempts++
    if (message.attempts >= this.#options.attemptsMax()) {
      this.#remove(message)
      this.#counts.messagesLost++
      this.#continue()
      return
    }
    // Each wait is longer than the one before.
    const waitMs = this.#options.retryIntervalS() * message.attempts * 1000
    this.#scheduler.after(waitMs, () => this.#continue())
  }

  #continue(): void {
    this.#isBusy = false
    this.pump()
  }

  #remove(message: Queued): void {
    const index = this.#messages.indexOf(message)
    if (index >= 0) this.#messages.splice(index, 1)
  }

  /** The oldest meter value goes; the first message may be on its way already. */
  #makeRoom(): void {
    const index = this.#messages.findIndex((message, at) => at > 0 && message.isDispensable)
    if (index < 0) return
    this.#messages.splice(index, 1)
    this.#counts.messagesLost++
  }
}
