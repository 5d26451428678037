import type { Clock } from '../domain/clock.ts'
import type { ChargePointHoldings } from '../ports/charge-point-holdings.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingRecords } from '../ports/charging-records.ts'
import type { ChargingTransactions } from '../ports/charging-transactions.ts'
import type { IdTokens } from '../ports/id-tokens.ts'
import type { OnChargingEvent } from './charging-event.ts'

/** What the services are made with; each takes of it what it needs. */
export interface ServicesOptions {
  readonly chargePoints: ChargePoints
  readonly idTokens: IdTokens
  readonly transactions: ChargingTransactions
  readonly records: ChargingRecords
  readonly holdings: ChargePointHoldings
  readonly clock: Clock
  /** Between heartbeats of those that are accepted. */
  readonly heartbeatIntervalSeconds: number
  /** Until the next attempt of those that are not, or not yet. */
  readonly bootRetryIntervalSeconds: number
  /** Whose messages of their own are accepted; all are kept. */
  readonly vendorIds: ReadonlySet<string>
  readonly onEvent: OnChargingEvent
}
