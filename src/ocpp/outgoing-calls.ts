import { randomBytes } from 'node:crypto'
import { type ErrorFrame, type ResultFrame, renderCall } from './frame.ts'

/** What came of a call of ours. */
export type CallOutcome =
  | { readonly kind: 'result'; readonly payload: object }
  | { readonly kind: 'error'; readonly code: string; readonly description: string }
  /** It has got it, perhaps. */
  | { readonly kind: 'timeout' | 'lost' }
  /** It is an answer, of whatever. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'not-sent'; readonly reason: string }

export interface CallSender {
  /** False: it can't be sent any more. */
  sendCall(text: string): boolean
  /** `dueAt` has changed. */
  rearm(): void
  /** Milliseconds that only grow. */
  now(): number
}

export interface CallLimits {
  readonly callTimeoutMs: number
  readonly callsQueuedMax: number
}

interface Call {
  readonly id: string
  readonly action: string
  readonly payload: object
  readonly settle: (outcome: CallOutcome) => void
}

/** No id is used twice, whatever has become of the call, so no late answer can be taken for another's. */
const ID_PREFIX = randomBytes(6).toString('base64url')
let callsMade = 0

/**
 * Our calls to one charge point: one at a time is with it (2.0.1 part 4 §4.1.1), the others wait.
 * Exists only for those that have been called.
 */
export class OutgoingCalls {
  readonly #sender: CallSender
  readonly #limits: CallLimits
  readonly #queue: Call[] = []
  #current: Call | undefined
  /** When the one that is with the charge point is given up. */
  #dueAt = Number.POSITIVE_INFINITY
  #closed: string | undefined

  constructor(sender: CallSender, limits: CallLimits) {
    this.#sender = sender
    this.#limits = limits
  }

  /** Never rejects. */
  call(action: string, payload: object): Promise<CallOutcome> {
    if (this.#closed !== undefined) return notSent(this.#closed)
    if (this.#queue.length >= this.#limits.callsQueuedMax) return notSent('too many calls wait')
    const { promise, resolve } = Promise.withResolvers<CallOutcome>()
    callsMade += 1
    const id = `${ID_PREFIX}-${callsMade.toString(36)}`
    this.#queue.push({ id, action, payload, settle: resolve })
    if (this.#current === undefined) this.#next()
    return promise
  }

  /** One is with the charge point. */
  get isBusy(): boolean {
    return this.#current !== undefined
  }

  /** By the sender's clock, or never. */
  get dueAt(): number {
    return this.#dueAt
  }

  /** False: nobody waits for this answer, or no more. */
  answered(id: string, outcome: CallOutcome): boolean {
    const call = this.#current
    if (call === undefined || call.id !== id) return false
    this.#finish(call, outcome)
    return true
  }

  onDue(now: number): void {
    const call = this.#current
    if (call !== undefined && now >= this.#dueAt) this.#finish(call, { kind: 'timeout' })
  }

  /** The connection is gone: nothing is answered any more. */
  close(reason: string): void {
    this.#closed = reason
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#current?.settle({ kind: 'lost' })
    this.#current = undefined
    for (const { settle } of this.#queue.splice(0)) settle({ kind: 'not-sent', reason })
  }

  #finish(call: Call, outcome: CallOutcome): void {
    this.#current = undefined
    this.#dueAt = Number.POSITIVE_INFINITY
    call.settle(outcome)
    this.#next()
  }

  #next(): void {
    const call = this.#queue.shift()
    if (call === undefined) return
    if (this.#sender.sendCall(renderCall(call.id, call.action, call.payload))) {
      this.#current = call
      this.#dueAt = this.#sender.now() + this.#limits.callTimeoutMs
      this.#sender.rearm()
      return
    }
    const reason = 'the connection is closed'
    call.settle({ kind: 'not-sent', reason })
    this.close(reason)
  }
}

export function toOutcome(frame: ResultFrame | ErrorFrame): CallOutcome {
  return frame.kind === 'result'
    ? { kind: 'result', payload: frame.payload }
    : { kind: 'error', code: frame.code, description: frame.description }
}

function notSent(reason: string): Promise<CallOutcome> {
  return Promise.resolve({ kind: 'not-sent', reason })
}
