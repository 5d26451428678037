import type { ChargingServices } from '../charging/services.ts'
import type { ChargePointSession, ExecutionResult } from '../charging/session.ts'

// Requests and answers are checked against the schemas of their version before and after they come
// here, so an action says of which type its own are: `never` lets each say another.

/** A row of a version's table: who may call it, and what is done about it. */
export interface Action {
  /** By a charge point. Without it, such a call is NotSupported. */
  readonly from?: InboundAction
  /** By us. */
  readonly to?: OutboundAction
}

export interface InboundAction {
  readonly handle: (call: InboundCall<never>) => Promise<object>
  /** Also before it is accepted: BootNotification. */
  readonly beforeAcceptance?: boolean
  /**
   * The charge point keeps it until it is answered, also while it is offline, but drops it after a few
   * errors (1.6 TransactionMessageAttempts, 2.0.1 MessageAttempts): while the store is away it is not
   * answered with one. It has to be idempotent.
   */
  readonly isGuaranteed?: boolean
}

export interface InboundCall<Request> {
  readonly session: ChargePointSession
  readonly request: Request
  readonly services: ChargingServices
}

export interface OutboundAction {
  /** The kind of commands that it carries out: src/charging/command-kinds.ts. */
  readonly kind: string
  /**
   * Where two actions carry out one kind, which of them takes these parameters; 1.6 has one action for
   * signed firmware and one for unsigned.
   */
  readonly fits?: (parameters: never) => boolean
  /**
   * The request, of JSON values alone.
   * @throws FleetgridError `invalid` if it can't be said in this version
   */
  readonly compose: (parameters: never) => object
  readonly read: (answer: never) => ExecutionResult
}

/** By the name of the action. */
export type ActionTable = Readonly<Record<string, Action>>

/** Undefined: a charge point may not call it. */
export function findInbound(actions: ActionTable, name: string): InboundAction | undefined {
  return Object.hasOwn(actions, name) ? actions[name]?.from : undefined
}
