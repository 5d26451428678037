import { CallFault, type Connection } from './connection.ts'
import type { Evse } from './evse.ts'
import type { EvseState } from './evse-host.ts'
import type { Job } from './jobs.ts'
import type { Reading, StopReason, Transaction, TransactionTrigger } from './transaction.ts'

/** What a station has to say, in words of no protocol; `v16/` and `v201/` each say it their way. */

export type ProtocolName = 'ocpp1.6' | 'ocpp2.0.1'

/** An answer to a call of the server, and what the station does once it is sent. */
export interface Reply<Answer extends object = object> {
  readonly answer: Answer
  readonly after?: (() => void) | undefined
}

/** By the name of the action. */
export type CommandTable = Readonly<Record<string, (request: never) => Reply>>

export function reply<Answer extends object>(
  answer: Answer,
  after?: (() => void) | undefined,
): Reply<Answer> {
  return { answer, after }
}

export type BootReason = 'PowerUp' | 'RemoteReset' | 'FirmwareUpdate' | 'Triggered'

export interface BootAnswer {
  readonly status: 'Accepted' | 'Pending' | 'Rejected'
  /** Seconds between heartbeats, or until it may boot again; 0: as the station likes. */
  readonly interval: number
}

/** What an operator asks a station to say now. */
export type Trigger =
  | 'boot'
  | 'heartbeat'
  | 'status'
  | 'meterValues'
  | 'transaction'
  | 'firmwareStatus'
  | 'signedFirmwareStatus'
  | 'logStatus'
  | 'diagnosticsStatus'
  | 'certificateRequest'

/** Why a meter is read: by its interval, because the server wants it, by the clock. */
export type MeterCause = 'periodic' | 'trigger' | 'clock'

export interface Wire {
  readonly commands: CommandTable
  /** Carries out a call of the server. Throws CallFault for what the version does not have. */
  call(action: string, payload: unknown): Reply
  /** Undefined: no answer, or an error. */
  boot(reason: BootReason): Promise<BootAnswer | undefined>
  heartbeat(): void
  /** What a state is called here: of two with the same name the second is not told. */
  nameOf(state: EvseState): string
  /** Undefined: of the station itself. */
  status(evse: Evse | undefined, state: EvseState, errorCode: string | undefined): void
  /** The server's word, e.g. `Accepted` or `Blocked`; undefined: it did not answer. */
  authorize(token: string): Promise<string | undefined>

  // These go into the queue of transaction messages: they survive being offline.
  started(transaction: Transaction, reading: Reading, trigger: TransactionTrigger): void
  stateChanged(transaction: Transaction, reading: Reading): void
  metered(transaction: Transaction, reading: Reading, cause: MeterCause): void
  ended(transaction: Transaction, reading: Reading, reason: StopReason): void

  /** Meter values outside of a transaction. */
  metersRead(evse: Evse, reading: Reading, cause: MeterCause): void
  jobStatus(job: Job, status: string): void
  securityEvent(type: string): void
  requestCertificate(): void
  reservationExpired(reservationId: number): void
}

/** The answer, if there is one. What it looks like is the server's word: nothing is checked. */
export async function ask<Answer>(
  connection: Connection,
  action: string,
  payload: object,
): Promise<Answer | undefined> {
  const outcome = await connection.call(action, payload)
  return outcome.kind === 'answer' ? (outcome.payload as Answer) : undefined
}

export function callCommand(commands: CommandTable, action: string, payload: unknown): Reply {
  const command = Object.hasOwn(commands, action) ? commands[action] : undefined
  if (command === undefined) throw new CallFault('NotImplemented', `There is no ${action} here.`)
  return command((payload ?? {}) as never)
}
