import type { Clock } from '../domain/clock.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingRecords } from '../ports/charging-records.ts'
import type { ChargingTransactions } from '../ports/charging-transactions.ts'
import type { IdTokens } from '../ports/id-tokens.ts'
import { createAuthorization } from './authorization.ts'
import { createBooting } from './booting.ts'
import type { OnChargingEvent } from './charging-event.ts'
import { createConnectors } from './connectors.ts'
import { createRecords } from './records.ts'
import type { ChargingServices } from './services.ts'
import { createTransactions } from './transactions.ts'
import { createVendorMessages } from './vendor-messages.ts'

// What passes through here: what a charge point tells, of whatever protocol, after its message was
// understood and before it is answered. Each service does one thing with it and waits until it is kept.

export interface ServicesOptions {
  readonly chargePoints: ChargePoints
  readonly idTokens: IdTokens
  readonly transactions: ChargingTransactions
  readonly records: ChargingRecords
  readonly clock: Clock
  /** Between heartbeats of those that are accepted. */
  readonly heartbeatIntervalSeconds: number
  /** Until the next attempt of those that are not, or not yet. */
  readonly bootRetryIntervalSeconds: number
  /** Whose messages of their own are accepted; all are kept. */
  readonly vendorIds: ReadonlySet<string>
  readonly onEvent: OnChargingEvent
}

export function createServices(options: ServicesOptions): ChargingServices {
  return {
    booting: createBooting(options),
    authorization: createAuthorization(options),
    transactions: createTransactions(options),
    connectors: createConnectors(options),
    records: createRecords(options),
    vendorMessages: createVendorMessages(options),
    clock: options.clock,
  }
}
