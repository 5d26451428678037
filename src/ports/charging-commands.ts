import type { ChargingCommand, CommandState } from '../domain/charging-command.ts'
import type { JsonObject } from '../domain/json.ts'

/**
 * The queue of each charge point. A command is with whoever has claimed it, and with nobody else;
 * what others say of it then, also those who had it before, has no effect.
 */
export interface ChargingCommands {
  /** Durable when it resolves. Queued ones with the same key are superseded. @returns their ids */
  enqueue(command: ChargingCommand): Promise<readonly string[]>
  /** Queued ones of a charge point, counted up to `max`. */
  countQueued(chargePointId: string, max: number): Promise<number>
  /** Charge points after `afterId`, in order of their ids, for which something is queued. */
  listWaiting(afterId: string, limit: number): Promise<readonly string[]>
  /**
   * The oldest queued ones of a charge point that have not expired: sent from now on. None while a
   * later connection has the charge point.
   */
  claim(claim: ClaimRequest): Promise<readonly ClaimedCommand[]>
  /** It could not be sent: queued again, as if it had not been claimed. */
  release(claimed: Claim): Promise<void>
  /** Of no effect if it has ended. */
  end(claimed: Claim, end: CommandEnd): Promise<void>
  /**
   * The connection ended before the answer: queued again if it may be sent again and nothing later
   * has been sent or takes its place; else unknown.
   */
  lose(claimed: Claim, at: number): Promise<void>
  find(id: string): Promise<ChargingCommand | undefined>
  /** Newest first. */
  list(query: {
    readonly chargePointId?: string
    readonly state?: CommandState
    readonly before?: { readonly createdAt: number; readonly id: string }
    readonly limit: number
  }): Promise<readonly ChargingCommand[]>
  /**
   * Queued ones whose time is over end: expired, or unknown if they were sent before.
   * @returns their ids
   */
  expire(at: number, limit: number): Promise<readonly string[]>
  /**
   * Sent before `sentBefore`, perhaps by an instance that is gone: as `lose`.
   * @returns the ids of those that have ended
   */
  endLost(sentBefore: number, at: number, limit: number): Promise<readonly string[]>
  /**
   * The charge point has a new connection: what was sent on those before gets no answer any more. As
   * `lose`. @returns the ids of those that have ended
   */
  endUnanswered(joined: {
    readonly chargePointId: string
    readonly epoch: number
    readonly at: number
  }): Promise<readonly string[]>
  /** False: it was sent already, or has ended. */
  cancel(id: string, at: number): Promise<boolean>

  /**
   * Ended ones of whose outcome somebody is to be told at `at` or before. They are the caller's, who
   * is trying to, until `until`: then they are anybody's again.
   */
  claimWebhooks(at: number, until: number, limit: number): Promise<readonly ChargingCommand[]>
  /** What came of an attempt; of no effect if a later one is under way. */
  endWebhookAttempt(id: string, attempt: WebhookAttempt): Promise<void>
}

export interface ClaimRequest {
  readonly chargePointId: string
  readonly instance: string
  /** Of the connection on which it is to be sent. */
  readonly epoch: number
  readonly at: number
  readonly limit: number
  /** None but these; the others keep their places. */
  readonly kinds?: readonly string[] | undefined
}

export interface Claim {
  readonly id: string
  /** Of this one time. */
  readonly claim: string
}

export interface ClaimedCommand extends ChargingCommand, Claim {}

export interface CommandEnd {
  readonly state: Exclude<CommandState, 'queued' | 'sent'>
  readonly at: number
  readonly answer?: JsonObject | undefined
  readonly reason?: string | undefined
}

export interface WebhookAttempt {
  /** Which one it was, from 1. */
  readonly number: number
  readonly state: 'waiting' | 'delivered' | 'failed'
  /** Of the next one, if it waits for that. */
  readonly dueAt?: number | undefined
  readonly error?: string | undefined
}
