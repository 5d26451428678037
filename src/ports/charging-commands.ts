import type { ChargingCommand, CommandState } from '../domain/charging-command.ts'
import type { JsonObject } from '../domain/json.ts'

/** The queue of each charge point. At most once: a command is sent by whoever has claimed it. */
export interface ChargingCommands {
  /** Durable when it resolves. Queued ones with the same key are superseded. */
  enqueue(command: ChargingCommand): Promise<void>
  /** The oldest queued ones of a charge point that have not expired: sent from now on. */
  claim(
    chargePointId: string,
    instance: string,
    at: number,
    limit: number,
  ): Promise<readonly ChargingCommand[]>
  /** It could not be sent: queued again, as if it had not been claimed. */
  release(id: string): Promise<void>
  /** Of no effect if it has ended. */
  end(id: string, end: CommandEnd): Promise<void>
  find(id: string): Promise<ChargingCommand | undefined>
  /** Newest first. */
  list(query: {
    readonly chargePointId?: string
    readonly state?: CommandState
    readonly before?: { readonly createdAt: number; readonly id: string }
    readonly limit: number
  }): Promise<readonly ChargingCommand[]>
  /** Queued ones whose time is over end as expired. How many. */
  expire(at: number, limit: number): Promise<number>
  /** Sent before `sentBefore`, perhaps by an instance that is gone: nobody knows what became of them. */
  endLost(sentBefore: number, at: number, limit: number): Promise<number>
  /**
   * The charge point has a new connection: what was sent on those before gets no answer any more.
   * How many.
   */
  endUnanswered(chargePointId: string, at: number): Promise<number>
  /** False: it was sent already, or has ended. */
  cancel(id: string, at: number): Promise<boolean>
}

export interface CommandEnd {
  readonly state: Exclude<CommandState, 'queued' | 'sent'>
  readonly at: number
  readonly answer?: JsonObject | undefined
  readonly reason?: string | undefined
}
