import { isUnavailable } from '../domain/errors.ts'
import { keepTrying } from '../lib/keep-trying.ts'
import type { Signals } from '../ports/signals.ts'

// What passes through here: commands that are different now, from whoever has changed them to whoever
// waits for them, in this instance and in the others. It is a hint: who gets it reads the command.

const ENDED = 'charging-command-ended'
/** Ids of one signal: it has room for 4096 bytes. */
const IDS_MAX = 100
const RETRY = { baseMs: 200, maxMs: 10_000 }

/** changed: it was sent, or is queued again; others than this instance don't hear of that. */
export type OnCommandNews = (ids: readonly string[], what: 'changed' | 'ended') => void

export interface CommandNewsOptions {
  readonly signals: Signals
  readonly instance: string
  /** For a log line. */
  readonly onFailure: (what: string, error: unknown) => void
}

export class CommandNews {
  readonly #options: CommandNewsOptions
  readonly #listeners = new Set<OnCommandNews>()
  readonly #stopping = new AbortController()
  #unsubscribe: (() => void) | undefined

  constructor(options: CommandNewsOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.signals.subscribe(ENDED, (payload) => this.#heard(payload))
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#stopping.abort()
  }

  /** @returns how to hear no more */
  subscribe(listener: OnCommandNews): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(id: string): void {
    this.#tell([id], 'changed')
  }

  /** They have ended, or may have. */
  ended(ids: readonly string[]): void {
    if (ids.length === 0) return
    this.#tell(ids, 'ended')
    for (let start = 0; start < ids.length; start += IDS_MAX) {
      void this.#publish(ids.slice(start, start + IDS_MAX))
    }
  }

  async #publish(ids: readonly string[]): Promise<void> {
    const { signals, instance, onFailure } = this.#options
    const onRetry = (error: unknown) => onFailure('telling others what has ended', error)
    const options = { signal: this.#stopping.signal, backoff: RETRY, isPassing: isUnavailable }
    await keepTrying(() => signals.publish(ENDED, [instance, ...ids].join(' ')), {
      ...options,
      onRetry,
    }).catch(onRetry)
  }

  #heard(payload: string): void {
    const [from, ...ids] = payload.split(' ')
    if (from !== this.#options.instance) this.#tell(ids, 'ended')
  }

  #tell(ids: readonly string[], what: 'changed' | 'ended'): void {
    for (const listener of this.#listeners) listener(ids, what)
  }
}
