import { createAuthorization } from './authorization.ts'
import { createBooting } from './booting.ts'
import { createConnectors } from './connectors.ts'
import { withReservations } from './holdings/used-reservations.ts'
import { createRecords } from './records.ts'
import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'
import { createTransactions } from './transactions.ts'
import { createVariables } from './variables.ts'
import { createVendorMessages } from './vendor-messages.ts'

// What passes through here: what a charge point tells, of whatever protocol, after its message was
// understood and before it is answered. Each service does one thing with it and waits until it is kept.

export function createServices(options: ServicesOptions): ChargingServices {
  return {
    booting: createBooting(options),
    authorization: createAuthorization(options),
    transactions: withReservations(createTransactions(options), options),
    connectors: createConnectors(options),
    records: createRecords(options),
    variables: createVariables(options),
    vendorMessages: createVendorMessages(options),
    clock: options.clock,
  }
}
