import type { ChargePoint } from '../domain/charge-point.ts'
import { hasEnded } from '../domain/charging-command.ts'
import { isUnavailable } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import { keepTrying } from '../lib/keep-trying.ts'
import { isDoneWithin } from '../lib/within.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingCommands, ClaimedCommand } from '../ports/charging-commands.ts'
import type { Signals } from '../ports/signals.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import { type CommandEffects, hasEffectIfRefused } from './command-effects.ts'
import type { OnCommandEvent } from './command-event.ts'
import { COMMAND_KINDS, type CommandKind, isCommandKind } from './command-kinds.ts'
import type { CommandNews } from './command-news.ts'
import { newKeyIn, openSecrets } from './secret-parameters.ts'
import type { ChargePointChannel, ChargePointSession, ExecutionResult } from './session.ts'

// What passes through here: the queue of each charge point that is connected here, one command after
// the other: claimed → the charge point → what its answer changes → the answer in the row.

const QUEUED = 'charging-command-queued'
/** One: while a charge point works on one, others may overtake nothing. */
const CLAIM_MAX = 1
const RETRY = { baseMs: 200, maxMs: 5000 }
/** OCPP 1.6 §4.2, 2.0.1 B02.FR.05. */
const FOR_PENDING = (Object.keys(COMMAND_KINDS) as CommandKind[]).filter(
  (kind) => COMMAND_KINDS[kind].isForPending,
)
/** 2.0.1 B03.FR.06: it may be asked to boot. */
const FOR_REJECTED: readonly CommandKind[] = ['trigger-message']

export interface CommandWorkerOptions {
  readonly commands: ChargingCommands
  readonly signals: Signals
  readonly keys: ChargePointKeys
  readonly effects: CommandEffects
  readonly chargePoints: Pick<ChargePoints, 'change' | 'find'>
  readonly news: CommandNews
  readonly instance: string
  readonly clock: { now(): number }
  /** Its channel, if it is connected here. */
  readonly findChannel: (chargePointId: string) => ChargePointChannel | undefined
  readonly onEvent: OnCommandEvent
}

export class CommandWorker {
  readonly #options: CommandWorkerOptions
  /** Charge points whose queue is being worked on here; true: look again afterwards. */
  readonly #working = new Map<string, boolean>()
  readonly #tasks = new Set<Promise<void>>()
  /** Charge points that have answered, until that is stored. */
  readonly #storing = new Map<string, Promise<boolean>>()
  /** Those that are not accepted are told nothing before they have booted. */
  readonly #booted = new WeakSet<ChargePointSession>()
  readonly #stopping = new AbortController()
  #unsubscribe: (() => void) | undefined
  #isStopped = false

  constructor(options: CommandWorkerOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.signals.subscribe(QUEUED, (id) => this.work(id))
  }

  /**
   * Nothing new is sent. What is with a charge point keeps its time to be answered, so close the
   * channels first; what has been answered is stored within `graceMs`.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    this.#unsubscribe?.()
    await isDoneWithin(graceMs, Promise.all(this.#tasks))
    this.#stopping.abort()
  }

  /** There is something in its queue: whoever holds its socket works on it. */
  queued(chargePointId: string): void {
    if (this.#options.findChannel(chargePointId)?.isOpen === true) this.work(chargePointId)
    else {
      const { signals } = this.#options
      signals.publish(QUEUED, chargePointId).catch((error) => this.#failed('telling', error))
    }
  }

  /**
   * It is connected here: what was sent on a connection before gets no answer any more. Each
   * connection asks once; nearly all find nothing.
   */
  joined({ session: { id, epoch } }: ChargePointChannel): void {
    this.#run(async () => {
      // It may have answered, and come again before that was stored: with a new password, it does.
      await this.#storing.get(id)?.catch(() => false)
      const { commands, clock } = this.#options
      const joined = { chargePointId: id, epoch, at: clock.now() }
      const ended = await this.#persist('ending what got no answer', () =>
        commands.endUnanswered(joined),
      ).finally(() => this.work(id))
      await this.tellEnded(ended)
    })
  }

  /** And has been answered: it may be told something from now on. */
  booted(chargePointId: string): void {
    const session = this.#options.findChannel(chargePointId)?.session
    if (session === undefined) return
    if (session.registration !== 'accepted') this.#booted.add(session)
    this.work(chargePointId)
  }

  /** Its queue may have something for it now: it has been accepted, or a command has come. */
  work(chargePointId: string): void {
    if (this.#isStopped || this.#options.findChannel(chargePointId) === undefined) return
    if (this.#working.has(chargePointId)) {
      this.#working.set(chargePointId, true)
      return
    }
    this.#working.set(chargePointId, false)
    this.#run(() => this.#workWhileAsked(chargePointId))
  }

  /** That these have ended, without an answer or without ever having been sent. */
  async tellEnded(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { commands, news, onEvent } = this.#options
    news.ended(ids)
    const found = await Promise.all(ids.map((id) => commands.find(id)))
    for (const command of found) {
      if (command !== undefined && hasEnded(command))
        onEvent({ kind: 'ended', command, state: command.state })
    }
  }

  async #workWhileAsked(chargePointId: string): Promise<void> {
    try {
      do {
        this.#working.set(chargePointId, false)
        await this.#workThrough(chargePointId)
      } while (this.#working.get(chargePointId) === true && !this.#isStopped)
    } finally {
      this.#working.delete(chargePointId)
    }
  }

  async #workThrough(chargePointId: string): Promise<void> {
    const { commands, findChannel, instance, clock } = this.#options
    for (;;) {
      const channel = findChannel(chargePointId)
      if (channel?.isOpen !== true || this.#isStopped) return
      const { epoch } = channel.session
      const kinds = this.#kindsFor(channel.session)
      if (kinds?.length === 0) return
      const claim = { chargePointId, instance, epoch, at: clock.now(), limit: CLAIM_MAX, kinds }
      const claimed = await commands.claim(claim)
      if (claimed.length === 0) return
      for (const command of claimed) {
        if (!(await this.#carryOut(channel, command))) return
      }
    }
  }

  /** Undefined: all. */
  #kindsFor(session: ChargePointSession): readonly CommandKind[] | undefined {
    const { registration, protocol } = session
    if (registration === 'accepted') return undefined
    if (!this.#booted.has(session)) return []
    if (registration === 'pending') return FOR_PENDING
    return protocol === '1.6' ? [] : FOR_REJECTED
  }

  /** False: its connection is about to end, so nothing else can be sent on it either. */
  async #carryOut(channel: ChargePointChannel, command: ClaimedCommand): Promise<boolean> {
    const { news, onEvent } = this.#options
    onEvent({ kind: 'sent', command })
    news.changed(command.id)
    const parameters = this.#open(command)
    const key = parameters === undefined ? undefined : this.#keyIn(command, parameters)
    const keyBefore = key === undefined ? null : await this.#expectedBefore(command, key)
    if (key !== undefined) await this.#expectKey(command, key)
    const result =
      parameters === undefined ? SEALED_BY_ANOTHER : await channel.execute(command.kind, parameters)
    const { chargePointId } = command
    const stored = this.#store(channel, command, { parameters, key, keyBefore, result })
    this.#storing.set(chargePointId, stored)
    return stored.finally(() => this.#storing.delete(chargePointId))
  }

  /** False: nothing else can be sent on this connection. */
  async #store(
    channel: ChargePointChannel,
    command: ClaimedCommand,
    { parameters, key, keyBefore, result }: Answered,
  ): Promise<boolean> {
    const { commands, clock, news, onEvent } = this.#options
    const { state, answer, reason } = result
    const { chargePointId } = command
    if (state === 'not-sent') {
      // Its next connection gets it, here or elsewhere.
      if (key !== undefined) await this.#expectKey(command, keyBefore)
      await this.#persist('putting one back', () => commands.release(command))
      // This one ends as soon as it has answered: it would be put back again and again.
      const isStillHere = channel.isOpen && this.#options.findChannel(chargePointId) === channel
      if (!isStillHere) this.queued(chargePointId)
      return false
    }
    if (state === 'unknown' && answer === undefined && !channel.isOpen) {
      await this.#persist('noting a lost answer', () => commands.lose(command, clock.now()))
      await this.tellEnded([command.id])
      return false
    }
    // Not the reverse: ended, and without its effect, it would be a lie.
    if (parameters !== undefined) await this.#takeEffect(command, parameters, result)
    if (key !== undefined && state !== 'unknown') {
      const isTaken = state === 'accepted' || (await this.#find(command))?.keyHash === key
      await this.#expectKey(command, isTaken ? null : keyBefore)
    }
    const end = { state, at: clock.now(), answer, reason }
    await this.#persist('storing an outcome', () => commands.end(command, end))
    onEvent({ kind: 'ended', command, state })
    news.ended([command.id])
    return true
  }

  #open({ parameters }: ClaimedCommand): JsonObject | undefined {
    try {
      return openSecrets(parameters, this.#options.keys)
    } catch {
      return undefined
    }
  }

  /** By which it proves itself from now on, if it is told to. */
  #keyIn({ kind, chargePointId }: ClaimedCommand, parameters: JsonObject): string | undefined {
    const key = kind === 'set-variables' ? newKeyIn(parameters) : undefined
    return key === undefined ? undefined : this.#options.keys.hash(chargePointId, key)
  }

  /** If its answer gets lost nobody knows which one it goes by: then it may use either. */
  async #expectKey({ chargePointId }: ClaimedCommand, nextKeyHash: string | null): Promise<void> {
    const { chargePoints } = this.#options
    await this.#persist('expecting another password', () =>
      chargePoints.change(chargePointId, { nextKeyHash }),
    )
  }

  /** Of a password before, of which nobody knows whether it goes by it, if it is another one. */
  async #expectedBefore(command: ClaimedCommand, nextKeyHash: string): Promise<string | null> {
    const before = (await this.#find(command))?.nextKeyHash
    return before === undefined || before === nextKeyHash ? null : before
  }

  #find({ chargePointId }: ClaimedCommand): Promise<ChargePoint | undefined> {
    return this.#persist('looking for a charge point', () =>
      this.#options.chargePoints.find(chargePointId),
    )
  }

  async #takeEffect(
    { chargePointId, kind }: ClaimedCommand,
    parameters: JsonObject,
    { state, answer }: ExecutionResult,
  ): Promise<void> {
    if (!isCommandKind(kind)) return
    const isTelling = hasEffectIfRefused(kind) && answer !== undefined
    if (state !== 'accepted' && !isTelling) return
    const { effects, clock } = this.#options
    const accepted = { chargePointId, kind, parameters, answer, at: clock.now() }
    try {
      await this.#persist('storing an effect', () => effects.apply(accepted))
    } catch (error) {
      // The charge point has done it all the same, and says so.
      if (isUnavailable(error)) throw error
      this.#failed('an effect', error)
    }
  }

  /** Until it is stored, or this process stops. */
  #persist<T>(what: string, work: () => Promise<T>): Promise<T> {
    return keepTrying(work, {
      signal: this.#stopping.signal,
      backoff: RETRY,
      isPassing: isUnavailable,
      onRetry: (error) => this.#failed(what, error),
    })
  }

  #run(work: () => Promise<void>): void {
    const task = work().catch((error) => this.#failed('work', error))
    this.#tasks.add(task)
    void task.finally(() => this.#tasks.delete(task))
  }

  #failed(what: string, error: unknown): void {
    this.#options.onEvent({ kind: 'failed', what, error })
  }
}

interface Answered {
  /** Undefined: nobody could open them. */
  readonly parameters: JsonObject | undefined
  /** Hash of its new password, if it was told one. */
  readonly key: string | undefined
  /** What is expected again if it isn't taken. */
  readonly keyBefore: string | null
  readonly result: ExecutionResult
}

const SEALED_BY_ANOTHER: ExecutionResult = {
  state: 'failed',
  reason: 'CHARGE_POINT_KEY_SECRET has changed since it was asked for',
}
