import type { ChargingCommand } from '../domain/charging-command.ts'
import { errorMessage } from '../domain/errors.ts'
import { backoffMs } from '../lib/backoff.ts'
import { createRepeater, type Repeater } from '../lib/repeater.ts'
import { isDoneWithin } from '../lib/within.ts'
import type { ChargingCommands, WebhookAttempt } from '../ports/charging-commands.ts'
import type { OnCommandEvent } from './command-event.ts'
import { postSigned } from './post-signed.ts'
import { type CheckWebhookUrl, createWebhookCheck, type WebhookSettings } from './webhook-rules.ts'

// What passes through here: commands that have ended and of which somebody wants to know: claimed from
// the store, so that one instance at a time tries → POST → what came of it in the row. At least once.

const LOOK_INTERVAL_MS = 5000
/** Attempts at once of this instance. */
const AT_ONCE_MAX = 20
/** Whoever doesn't answer is left alone for so long: the others wait behind those who are waited for. */
const SILENCE_MS = 10_000
/** Longer than an attempt takes: whose instance has died is tried again by another one. */
const CLAIM_MS = 60_000
const RETRY = { baseMs: 5000, maxMs: 3_600_000 }
const GIVEN_UP_AFTER_MS = 24 * 3_600_000

export interface CommandWebhooksOptions {
  readonly commands: ChargingCommands
  readonly settings: WebhookSettings
  readonly clock: { now(): number }
  /** As an operator sees it. */
  readonly render: (command: ChargingCommand) => object
  readonly onEvent: OnCommandEvent
}

export class CommandWebhooks {
  readonly #options: CommandWebhooksOptions
  readonly #checkUrl: CheckWebhookUrl
  readonly #attempts = new Set<Promise<void>>()
  /** Hosts that didn't answer, and until when they are left alone. No more than are allowed. */
  readonly #silent = new Map<string, number>()
  readonly #stopping = new AbortController()
  readonly #repeater: Repeater
  #isStopped = false

  constructor(options: CommandWebhooksOptions) {
    this.#options = options
    this.#checkUrl = createWebhookCheck(options.settings)
    this.#repeater = createRepeater({
      intervalMs: LOOK_INTERVAL_MS,
      firstAfterMs: 0,
      run: () => this.#look(),
    })
  }

  start(): void {
    this.#repeater.start()
  }

  /** No new attempt; those under way have `graceMs`. What is left is told by others, or later. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    await this.#repeater.stop()
    await isDoneWithin(graceMs, Promise.all(this.#attempts))
    this.#stopping.abort(new Error('this instance is stopping'))
    await Promise.all(this.#attempts)
  }

  /** Something may be due. */
  look(): void {
    void this.#repeater.runOnce()
  }

  async #look(): Promise<void> {
    const { commands, clock, onEvent } = this.#options
    const room = AT_ONCE_MAX - this.#attempts.size
    if (this.#isStopped || room <= 0) return
    try {
      const now = clock.now()
      const due = await commands.claimWebhooks(now, now + CLAIM_MS, room)
      for (const command of due) this.#begin(command, due.length === room)
    } catch (error) {
      onEvent({ kind: 'failed', what: 'looking for webhooks', error })
    }
  }

  #begin(command: ChargingCommand, isMoreDue: boolean): void {
    const attempt = this.#attempt(command).finally(() => {
      this.#attempts.delete(attempt)
      if (isMoreDue) this.look()
    })
    this.#attempts.add(attempt)
  }

  /** Never rejects. */
  async #attempt(command: ChargingCommand): Promise<void> {
    const { commands, clock, onEvent } = this.#options
    const error = await this.#post(command)
    // It is anybody's again when the claim is over.
    if (error !== undefined && this.#stopping.signal.aborted) return
    const attempt = toAttempt(command, error, clock.now())
    const outcome = attempt.state === 'waiting' ? 'retried' : attempt.state
    onEvent({ kind: 'webhook', outcome })
    try {
      await commands.endWebhookAttempt(command.id, attempt)
    } catch (error) {
      onEvent({ kind: 'failed', what: 'noting what came of a webhook', error })
    }
  }

  /** Why it wasn't taken. */
  async #post(command: ChargingCommand): Promise<string | undefined> {
    const { settings, clock, render } = this.#options
    const { secret } = settings
    if (secret === undefined) return 'WEBHOOK_SECRET is not set'
    try {
      // Again: whom to call may have been decided otherwise since.
      const url = this.#checkUrl(command.webhook?.url ?? '')
      const body = JSON.stringify(render(command))
      const { signal } = this.#stopping
      if ((this.#silent.get(url.host) ?? 0) > clock.now()) return 'it did not answer a moment ago'
      const { error, isSilent } = await postSigned({ url, body, secret, at: clock.now(), signal })
      if (isSilent === true) this.#silent.set(url.host, clock.now() + SILENCE_MS)
      else this.#silent.delete(url.host)
      return error
    } catch (error) {
      return errorMessage(error)
    }
  }
}

function toAttempt(
  { webhook, endedAt = 0 }: ChargingCommand,
  error: string | undefined,
  now: number,
): WebhookAttempt {
  const number = webhook?.attempts ?? 1
  if (error === undefined) return { number, state: 'delivered' }
  const dueAt = Math.round(now + backoffMs(number, RETRY))
  if (dueAt - endedAt > GIVEN_UP_AFTER_MS) return { number, state: 'failed', error }
  return { number, state: 'waiting', dueAt, error }
}
