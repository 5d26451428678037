import { randomUUID } from 'node:crypto'
import { type ChargingCommand, hasEnded } from '../domain/charging-command.ts'
import { publicError } from '../domain/errors.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingCommands } from '../ports/charging-commands.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import type { OnCommandEvent } from './command-event.ts'
import type { CommandNews } from './command-news.ts'
import {
  type CommandRequest,
  commandIdOf,
  createCommand,
  isSameRequest,
} from './command-request.ts'
import type { CommandWorker } from './command-worker.ts'
import { checkNewKeys } from './secret-parameters.ts'
import type { CheckWebhookUrl } from './webhook-rules.ts'

// What passes through here: an operator's wish → a durable row → whichever instance holds the charge
// point's socket (command-worker.ts); and, for who waits for it, the outcome from the row.

/** For one charge point. */
const QUEUED_MAX = 1000
/** Callers who wait here; more are answered at once. */
const WAITING_MAX = 5000
/** Who waits looks so often whether he has been told everything. */
const LOOK_INTERVAL_MS = 5000

export interface CommandsOptions {
  readonly commands: ChargingCommands
  readonly chargePoints: ChargePoints
  readonly keys: ChargePointKeys
  readonly news: CommandNews
  readonly worker: Pick<CommandWorker, 'queued' | 'tellEnded'>
  readonly checkWebhookUrl: CheckWebhookUrl
  readonly clock: { now(): number }
  readonly onEvent: OnCommandEvent
}

export class Commands {
  readonly #options: CommandsOptions
  readonly #waiting = new Map<string, Set<() => void>>()
  #waitingCount = 0
  #unsubscribe: (() => void) | undefined
  #isStopped = false

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.news.subscribe((ids) => {
      for (const id of ids) this.#wake(id)
    })
  }

  /** Who waits gets what is known. */
  stop(): void {
    this.#isStopped = true
    this.#unsubscribe?.()
    for (const id of this.#waiting.keys()) this.#wake(id)
  }

  /**
   * Durable when it resolves; the charge point need not be connected, or here.
   * @throws FleetgridError `not-found` if nobody knows it; `conflict` if too much waits for it
   *   already, or something else was asked for with the same idempotency key; `invalid` for a webhook
   *   that isn't allowed, or a password that is none
   */
  async request(chargePointId: string, request: CommandRequest): Promise<ChargingCommand> {
    const { idempotencyKey: key } = request
    if (request.webhookUrl !== undefined) this.#options.checkWebhookUrl(request.webhookUrl)
    if (request.kind === 'set-variables') checkNewKeys(request.parameters)
    if (key === undefined) return this.#enqueue(randomUUID(), chargePointId, request)
    const { commands, keys } = this.#options
    const id = commandIdOf(chargePointId, key)
    const known = await commands.find(id)
    const asked = known ?? (await this.#enqueue(id, chargePointId, request))
    // Two may have asked at once: the one that is stored counts.
    const stored = known ?? (await commands.find(id)) ?? asked
    if (isSameRequest(stored, request, keys)) return stored
    throw publicError('conflict', 'Another command was asked for with this idempotency key.')
  }

  async #enqueue(
    id: string,
    chargePointId: string,
    request: CommandRequest,
  ): Promise<ChargingCommand> {
    const { commands, chargePoints, keys, clock, worker, onEvent } = this.#options
    const [chargePoint, queued] = await Promise.all([
      chargePoints.find(chargePointId),
      commands.countQueued(chargePointId, QUEUED_MAX),
    ])
    if (chargePoint === undefined) {
      throw publicError('not-found', `There is no charge point ${chargePointId}.`)
    }
    if (queued >= QUEUED_MAX) {
      throw publicError('conflict', `${QUEUED_MAX} commands wait for ${chargePointId} already.`)
    }
    const command = createCommand(id, chargePointId, request, clock.now(), keys)
    const superseded = await commands.enqueue(command)
    onEvent({ kind: 'requested', command })
    worker.queued(chargePointId)
    this.#tellEnded(superseded)
    return command
  }

  /** False: there is none, or it isn't queued any more. */
  async cancel(id: string): Promise<boolean> {
    const isCancelled = await this.#options.commands.cancel(id, this.#options.clock.now())
    if (isCancelled) this.#tellEnded([id])
    return isCancelled
  }

  /** Until it has ended, the time is over, or nobody wants to know any more. Undefined: there is none. */
  async wait(
    id: string,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<ChargingCommand | undefined> {
    if (withinMs <= 0 || this.#waitingCount >= WAITING_MAX) return this.#options.commands.find(id)
    this.#waitingCount += 1
    try {
      return await this.#waitUntil(performance.now() + withinMs, id, signal)
    } finally {
      this.#waitingCount -= 1
    }
  }

  async #waitUntil(
    endsAt: number,
    id: string,
    signal?: AbortSignal,
  ): Promise<ChargingCommand | undefined> {
    for (;;) {
      const changed = this.#changed(id)
      try {
        const command = await this.#options.commands.find(id)
        const leftMs = endsAt - performance.now()
        if (command === undefined || hasEnded(command) || leftMs <= 0) return command
        if (this.#isStopped || signal?.aborted === true) return command
        await changed.within(Math.min(leftMs, LOOK_INTERVAL_MS), signal)
      } finally {
        changed.forget()
      }
    }
  }

  #tellEnded(ids: readonly string[]): void {
    const { worker, onEvent } = this.#options
    worker
      .tellEnded(ids)
      .catch((error) => onEvent({ kind: 'failed', what: 'telling what has ended', error }))
  }

  /** From now on nothing that is told of it is missed. */
  #changed(id: string): {
    forget(): void
    within(ms: number, signal?: AbortSignal): Promise<void>
  } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const those = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, those.add(resolve))
    return {
      forget: () => {
        those.delete(resolve)
        if (those.size === 0 && this.#waiting.get(id) === those) this.#waiting.delete(id)
      },
      async within(ms, signal) {
        const onAbort = (): void => resolve()
        const timer = setTimeout(resolve, ms)
        signal?.addEventListener('abort', onAbort)
        await promise
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      },
    }
  }

  #wake(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve()
  }
}
