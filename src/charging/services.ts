import type {
  BootInfo,
  ConnectorPlace,
  ConnectorStatus,
  Registration,
} from '../domain/charge-point.ts'
import type {
  ChargingTransaction,
  MeterReading,
  TransactionEvent,
  TransactionStart,
  TransactionStop,
} from '../domain/charging-transaction.ts'
import type { TokenInfo } from '../domain/id-token.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ChargingRecordKind } from '../ports/charging-records.ts'
import type { ToldVariable } from './holdings/told-variables.ts'
import type { ChargePointSession } from './session.ts'

/**
 * What a charge point can tell, in words of no protocol: what the actions of each OCPP version turn
 * their messages into. Each call resolves when it is durable, so that the answer may be sent.
 */
export interface ChargingServices {
  readonly booting: {
    boot(session: ChargePointSession, boot: BootInfo): Promise<BootAnswer>
  }
  readonly authorization: {
    /** Read only: asking starts nothing. */
    authorize(tokenUid: string): Promise<TokenInfo>
  }
  readonly transactions: {
    /** 1.6. The transaction is there whatever the token is worth: it has happened. */
    start(session: ChargePointSession, start: TransactionStart): Promise<Started>
    /** 1.6. A stop of a transaction that isn't known is kept, too. */
    stop(session: ChargePointSession, stop: TransactionStop): Promise<TokenInfo | undefined>
    /** 2.0.1 */
    record(session: ChargePointSession, event: TransactionEvent): Promise<TokenInfo | undefined>
    addReadings(
      session: ChargePointSession,
      place: ConnectorPlace,
      number: number | undefined,
      readings: readonly MeterReading[],
    ): Promise<void>
  }
  readonly connectors: {
    report(session: ChargePointSession, status: ConnectorStatus): Promise<void>
  }
  readonly records: {
    /** `at`: by its own clock, if it says. */
    add(
      session: ChargePointSession,
      kind: ChargingRecordKind,
      document: JsonObject,
      at?: number,
    ): Promise<void>
  }
  readonly variables: {
    /** What it says of some of them; the others stay as they are. */
    report(session: ChargePointSession, variables: readonly ToldVariable[]): Promise<void>
  }
  readonly vendorMessages: {
    /** What a vendor has of its own. */
    receive(session: ChargePointSession, message: VendorMessage): Promise<VendorAnswer>
  }
  readonly clock: { now(): number }
}

export interface BootAnswer {
  readonly registration: Registration
  /** Seconds between heartbeats, or until it may boot again. */
  readonly intervalSeconds: number
}

export interface Started {
  readonly transaction: ChargingTransaction
  readonly token: TokenInfo
}

export interface VendorMessage {
  readonly vendorId: string
  readonly messageId?: string | undefined
  readonly data?: unknown
}

export interface VendorAnswer {
  readonly status: 'Accepted' | 'Rejected' | 'UnknownMessageId' | 'UnknownVendorId'
  readonly data?: unknown
}
