import { randomInt, randomUUID } from 'node:crypto'
import type { ChargingCommand, CommandState } from '../domain/charging-command.ts'
import { publicError } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingCommands } from '../ports/charging-commands.ts'
import type { Signals } from '../ports/signals.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import { COMMAND_KINDS, type CommandKind, type CommandRules } from './command-kinds.ts'
import { newKeyIn, openSecrets, sealSecrets } from './secret-parameters.ts'
import type { ChargePointChannel, ExecutionResult } from './session.ts'

// What passes through here: an operator's wish → a durable row → whichever instance holds the charge
// point's socket claims it → the charge point → its answer in the row. A claimed command is never sent
// again: if its outcome is lost, it is unknown, and says so.

const QUEUED = 'charging-command-queued'
const ENDED = 'charging-command-ended'
/** In one statement; while a charge point works on one, others may overtake nothing. */
const CLAIM_MAX = 1
const UPKEEP_INTERVAL_MS = 5000
const UPKEEP_MAX = 1000
/** An instance that has sent a command ends it by then, if it lives. */
const LOST_AFTER_MS = 300_000
/** Integers of OCPP 1.6 have 32 bits. */
const NUMBER_MAX = 2 ** 31 - 1

export interface CommandsOptions {
  readonly commands: ChargingCommands
  readonly chargePoints: ChargePoints
  readonly signals: Signals
  readonly keys: ChargePointKeys
  readonly instance: string
  readonly clock: { now(): number }
  /** Its channel, if it is connected here. */
  readonly findChannel: (chargePointId: string) => ChargePointChannel | undefined
  readonly onEvent: (event: CommandEvent) => void
}

export type CommandEvent =
  | { readonly kind: 'requested' | 'sent'; readonly command: ChargingCommand }
  | { readonly kind: 'ended'; readonly command: ChargingCommand; readonly state: CommandState }
  | { readonly kind: 'failed'; readonly what: string; readonly error: unknown }

export interface CommandRequest {
  readonly kind: CommandKind
  /** They have passed the schema of the kind. */
  readonly parameters: JsonObject
  /** Not given: as is usual for the kind. */
  readonly lifetimeMs?: number
}

export class Commands {
  readonly #options: CommandsOptions
  /** Charge points whose queue is being worked on here; true: look again afterwards. */
  readonly #working = new Map<string, boolean>()
  readonly #waiting = new Map<string, Set<() => void>>()
  #unsubscribe: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  start(): void {
    const { signals } = this.#options
    this.#unsubscribe = [
      signals.subscribe(QUEUED, (chargePointId) => this.work(chargePointId)),
      signals.subscribe(ENDED, (id) => this.#wake(id)),
    ]
    this.#timer = setInterval(() => void this.#upkeep(), UPKEEP_INTERVAL_MS).unref()
  }

  /** What is with a charge point keeps its time to be answered: close the channels first. */
  stop(): void {
    this.#isStopped = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    clearInterval(this.#timer)
    for (const id of this.#waiting.keys()) this.#wake(id)
  }

  /**
   * Durable when it resolves; the charge point need not be connected, or here.
   * @throws FleetgridError `not-found` if nobody knows it
   */
  async request(chargePointId: string, request: CommandRequest): Promise<ChargingCommand> {
    const { commands, chargePoints, signals, keys, clock, onEvent } = this.#options
    if ((await chargePoints.find(chargePointId)) === undefined) {
      throw publicError('not-found', `There is no charge point ${chargePointId}.`)
    }
    const command = createCommand(chargePointId, request, clock.now(), keys)
    await commands.enqueue(command)
    onEvent({ kind: 'requested', command })
    if (this.#options.findChannel(chargePointId) !== undefined) this.work(chargePointId)
    else signals.publish(QUEUED, chargePointId).catch((error) => this.#failed('telling', error))
    return command
  }

  /** False: there is none, or it isn't queued any more. */
  async cancel(id: string): Promise<boolean> {
    return this.#options.commands.cancel(id, this.#options.clock.now())
  }

  /** Until it has ended, or the time is over. Undefined: there is none. */
  async wait(
    id: string,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<ChargingCommand | undefined> {
    const endsAt = performance.now() + withinMs
    for (;;) {
      const changed = this.#changed(id)
      const command = await this.#options.commands.find(id)
      const leftMs = endsAt - performance.now()
      const isOver = command === undefined || hasEnded(command) || leftMs <= 0 || this.#isStopped
      if (isOver || signal?.aborted === true) {
        changed.forget()
        return command
      }
      await changed.within(Math.min(leftMs, UPKEEP_INTERVAL_MS), signal)
    }
  }

  /**
   * It is connected here: what was sent on a connection before gets no answer any more. Each
   * connection asks once; nearly all find nothing.
   */
  joined(chargePointId: string): void {
    const { commands, clock } = this.#options
    commands
      .endUnanswered(chargePointId, clock.now())
      .catch((error) => this.#failed('ending what got no answer', error))
      .finally(() => this.work(chargePointId))
  }

  /** Its queue may have something for it now: it has been accepted, or a command has come. */
  work(chargePointId: string): void {
    if (this.#isStopped || this.#options.findChannel(chargePointId) === undefined) return
    if (this.#working.has(chargePointId)) {
      this.#working.set(chargePointId, true)
      return
    }
    this.#working.set(chargePointId, false)
    void this.#workThrough(chargePointId).catch((error) => this.#failed('working', error))
  }

  async #workThrough(chargePointId: string): Promise<void> {
    const { commands, findChannel, instance, clock } = this.#options
    try {
      for (;;) {
        const channel = findChannel(chargePointId)
        if (channel === undefined || this.#isStopped) return
        if (channel.session.registration !== 'accepted') return
        this.#working.set(chargePointId, false)
        const claimed = await commands.claim(chargePointId, instance, clock.now(), CLAIM_MAX)
        if (claimed.length === 0 && this.#working.get(chargePointId) === false) return
        for (const command of claimed) {
          if (!(await this.#carryOut(channel, command))) return
        }
      }
    } finally {
      this.#working.delete(chargePointId)
    }
  }

  /** False: its connection is about to end, so nothing else can be sent on it either. */
  async #carryOut(channel: ChargePointChannel, command: ChargingCommand): Promise<boolean> {
    const { commands, signals, clock, onEvent } = this.#options
    onEvent({ kind: 'sent', command })
    const { state, answer, reason } = await this.#execute(channel, command)
    if (state === 'not-sent') {
      // Its next connection gets it, here or elsewhere.
      await commands.release(command.id)
      return false
    }
    await commands.end(command.id, { state, at: clock.now(), answer, reason })
    onEvent({ kind: 'ended', command, state })
    this.#wake(command.id)
    await signals.publish(ENDED, command.id).catch((error) => this.#failed('telling', error))
    return true
  }

  async #execute(
    channel: ChargePointChannel,
    { kind, chargePointId, parameters: sealed }: ChargingCommand,
  ): Promise<ExecutionResult> {
    const { keys, chargePoints } = this.#options
    let parameters: JsonObject
    try {
      parameters = openSecrets(sealed, keys)
    } catch {
      return {
        state: 'failed',
        reason: 'CHARGE_POINT_KEY_SECRET has changed since it was asked for',
      }
    }
    const result = await channel.execute(kind, parameters)
    const key = kind === 'set-variables' ? newKeyIn(parameters) : undefined
    // From its answer on the old one is worth nothing (OCPP 1.6 security whitepaper A01, 2.0.1 A01).
    if (key !== undefined && result.state === 'accepted') {
      await chargePoints.change(chargePointId, { keyHash: keys.hash(chargePointId, key) })
    }
    return result
  }

  async #upkeep(): Promise<void> {
    const { commands, clock } = this.#options
    const now = clock.now()
    try {
      await commands.expire(now, UPKEEP_MAX)
      await commands.endLost(now - LOST_AFTER_MS, now, UPKEEP_MAX)
    } catch (error) {
      this.#failed('upkeep', error)
    }
  }

  #failed(what: string, error: unknown): void {
    this.#options.onEvent({ kind: 'failed', what, error })
  }

  #changed(id: string): {
    forget(): void
    within(ms: number, signal?: AbortSignal): Promise<void>
  } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const those = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, those.add(resolve))
    const forget = (): void => {
      those.delete(resolve)
      if (those.size === 0) this.#waiting.delete(id)
    }
    return {
      forget,
      async within(ms, signal) {
        const timer = setTimeout(resolve, ms)
        signal?.addEventListener('abort', () => resolve(), { once: true })
        await promise
        clearTimeout(timer)
        forget()
      },
    }
  }

  #wake(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve()
  }
}

function createCommand(
  chargePointId: string,
  { kind, parameters, lifetimeMs }: CommandRequest,
  createdAt: number,
  keys: ChargePointKeys,
): ChargingCommand {
  const rules: CommandRules = COMMAND_KINDS[kind]
  const { numbered } = rules
  const isWithout = numbered !== undefined && parameters[numbered] === undefined
  const numbers = isWithout ? { [numbered]: randomInt(1, NUMBER_MAX) } : {}
  return {
    id: randomUUID(),
    chargePointId,
    kind,
    parameters: sealSecrets({ ...parameters, ...numbers }, keys),
    state: 'queued',
    createdAt,
    expiresAt: createdAt + (lifetimeMs ?? rules.lifetimeMs),
    coalesceKey: rules.coalesceKey?.(parameters as never),
  }
}

export function hasEnded({ state }: ChargingCommand): boolean {
  return state !== 'queued' && state !== 'sent'
}
