import type { ProtocolVersion, Registration } from '../domain/charge-point.ts'
import type { JsonObject } from '../domain/json.ts'

/**
 * A charge point while it is connected to this instance. There may be a hundred thousand in all: it
 * holds what every message needs and nothing else.
 */
export interface ChargePointSession {
  readonly id: string
  readonly protocol: ProtocolVersion
  /** Of its connection, from the store. */
  readonly epoch: number
  /** Everything but booting is refused unless it is accepted. */
  registration: Registration
  /** Epoch milliseconds of the last message. */
  lastSeenAt: number
  /** What is overlooked in its messages, from its settings. */
  leniency?: readonly string[] | undefined
}

/** How charging reaches a charge point; the protocol is behind it. */
export interface ChargePointChannel {
  readonly session: ChargePointSession
  /** False: it carries nothing any more; what it has carried gets no answer. */
  readonly isOpen: boolean
  /** Resolves with what came of it; never rejects. One at a time is with the charge point. */
  execute(kind: string, parameters: JsonObject): Promise<ExecutionResult>
  /** Ends the connection, because another one has taken its place or an operator says so. */
  close(reason: string): void
}

export interface ExecutionResult {
  /**
   * rejected: the charge point doesn't want to; failed: it can't, or the command makes no sense to it;
   * unknown: it has got it, perhaps, and no answer came; not-sent: it has surely not got it.
   */
  readonly state: 'accepted' | 'rejected' | 'failed' | 'unknown' | 'not-sent'
  /** In the words of its protocol. */
  readonly answer?: JsonObject
  readonly reason?: string
}
