import { leasesAndSignals } from './0001-leases-and-signals.ts'
import { deadLetters } from './0002-dead-letters.ts'
import { charging } from './0003-charging.ts'
import { chargingHoldings } from './0004-charging-holdings.ts'
import { commandOutcomes } from './0005-command-outcomes.ts'
import { chargingRetention } from './0006-charging-retention.ts'
import { nextKeys } from './0007-next-keys.ts'
import { commandUpkeep } from './0008-command-upkeep.ts'
import { firehoseRequests } from './0009-firehose-requests.ts'
import type { Migrations } from './migration.ts'

/** New ones come last. */
export const MIGRATIONS: Migrations = {
  '0001-leases-and-signals': leasesAndSignals,
  '0002-dead-letters': deadLetters,
  '0003-charging': charging,
  '0004-charging-holdings': chargingHoldings,
  '0005-command-outcomes': commandOutcomes,
  '0006-charging-retention': chargingRetention,
  '0007-next-keys': nextKeys,
  '0008-command-upkeep': commandUpkeep,
  '0009-firehose-requests': firehoseRequests,
}
