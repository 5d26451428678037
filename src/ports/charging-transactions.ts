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
  /** Running ones of a token, over all charge points; no more than `RUNNING_COUNTED_MAX` are counted. */
  countOpen(tokenUid: string): Promise<number>
  /** Running ones of a charge point, and those of which nothing was told for long. */
  listOpen(chargePointId: string): Promise<readonly ChargingTransaction[]>
  /** Lost ones of all charge points; no more than `LOST_COUNTED_MAX` are counted. */
  countLost(): Promise<number>
  find(id: string): Promise<ChargingTransaction | undefined>
  /** OCPP 1.6. */
  findNumber(number: number): Promise<ChargingTransaction | undefined>
  /**
   * An operator gives it up. The first time counts; of one that is stopped nothing changes, and one that
   * is stopped later has its real end. Undefined: there is none.
   */
  close(id: string, reason: string): Promise<ChargingTransaction | undefined>
  /** Newest first. */
  list(query: TransactionQuery): Promise<readonly ChargingTransaction[]>
  /** In order of their times. */
  readings(query: {
    readonly transactionId: string
    readonly after?: ReadingCursor
    readonly limit: number
  }): Promise<readonly StoredReading[]>
  /** What was read outside of transactions, in order of its times. */
  placeReadings(query: PlaceReadingQuery): Promise<readonly PlaceReading[]>
}

/** More than any token may have at a time. */
export const RUNNING_COUNTED_MAX = 1001
export const LOST_COUNTED_MAX = 10_000

/** The last one of the page before. */
export interface ReadingCursor {
  readonly at: number
  /** Of a StoredReading; any other text is before or after some of that time. */
  readonly key: string
}

export interface StoredReading extends MeterReading {
  /** Tells those of one time apart. */
  readonly key: string
}

export interface PlaceReading extends StoredReading, ConnectorPlace {}

export interface PlaceReadingQuery {
  readonly chargePointId: string
  readonly evseId?: number
  readonly connectorId?: number
  /** By the charge point's clock. */
  readonly from?: number
  readonly before?: number
  readonly after?: ReadingCursor
  readonly limit: number
}

export interface TransactionQuery {
  readonly chargePointId?: string
  readonly tokenUid?: string
  /** Neither stopped nor closed. */
  readonly isOpen?: boolean
  readonly isLost?: true
  readonly startedFrom?: number
  readonly startedBefore?: number
  /** The last one of the page before. */
  readonly after?: { readonly startedAt: number; readonly id: string }
  readonly limit: number
}
