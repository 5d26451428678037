import type { ConnectorPlace } from '../domain/charge-point.ts'
import type {
  ChargingTransaction,
  MeterReading,
  TransactionEvent,
  TransactionStart,
  TransactionStop,
} from '../domain/charging-transaction.ts'

/**
 * Transactions and meter values, exactly once: what is told again, days later, by another connection or
 * to another instance, is the same. Each call resolves when it is durable; thousands at once are a few
 * statements. All reject with FleetgridError `unavailable` while the store is away.
 */
export interface ChargingTransactions {
  /** OCPP 1.6. The same start has the same number: charge point, connector, token, time and meter. */
  start(start: TransactionStart): Promise<ChargingTransaction>
  /**
   * OCPP 1.6. Undefined: the charge point has no transaction of this number, and nothing is kept of
   * it. A second stop changes nothing.
   */
  stop(stop: TransactionStop): Promise<ChargingTransaction | undefined>
  /** OCPP 2.0.1. The transaction after all that is known of it. */
  record(event: TransactionEvent): Promise<ChargingTransaction>
  /** Of a transaction of 1.6 by its number, or of none. */
  addReadings(
    place: ConnectorPlace,
    number: number | undefined,
    readings: readonly MeterReading[],
  ): Promise<void>
  /** Open ones of a token, over all charge points. */
  countOpen(tokenUid: string): Promise<number>
  /** Open ones of a charge point. */
  listOpen(chargePointId: string): Promise<readonly ChargingTransaction[]>
  find(id: string): Promise<ChargingTransaction | undefined>
  /** Newest first. */
  list(query: TransactionQuery): Promise<readonly ChargingTransaction[]>
  /**
   * In order of their times, after `afterAt`; beyond the limit what is of the same moment as the last
   * one.
   */
  readings(query: {
    readonly transactionId: string
    readonly afterAt?: number
    readonly limit: number
  }): Promise<readonly MeterReading[]>
}

export interface TransactionQuery {
  readonly chargePointId?: string
  readonly tokenUid?: string
  readonly isOpen?: boolean
  readonly startedFrom?: number
  readonly startedBefore?: number
  /** The last one of the page before. */
  readonly after?: { readonly startedAt: number; readonly id: string }
  readonly limit: number
}
