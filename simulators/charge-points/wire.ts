import type { Connection } from './connection.ts'
import type { EvseState } from './evse-state.ts'
import type { Job } from './jobs.ts'
import type { Reading, StopReason, Transaction, TransactionTrigger } from './transaction.ts'

/** What a station has to say, in words of no protocol; v16-wire.ts and v201-wire.ts say it. */

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
  /** Undefined: no answer, or an error. */
  boot(reason: BootReason): Promise<BootAnswer | undefined>
  heartbeat(): void
  /** What a state is called here: of two with the same name the second is not told. */
  nameOf(state: EvseState): string
  /** 0: of the station itself. */
  status(evseId: number, state: EvseState, errorCode: string | undefined): void
  /** The server's word, e.g. `Accepted` or `Blocked`; undefined: it did not answer. */
  authorize(token: string): Promise<string | undefined>

  // These go into the queue of transaction messages: they survive being offline.
  started(transaction: Transaction, reading: Reading, trigger: TransactionTrigger): void
  stateChanged(transaction: Transaction, reading: Reading): void
  metered(transaction: Transaction, reading: Reading, cause: MeterCause): void
  ended(transaction: Transaction, reading: Reading, reason: StopReason): void

  /** Meter values outside of a transaction. */
  metersRead(evseId: number, reading: Reading, cause: MeterCause): void
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
