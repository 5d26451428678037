import { leasesAndSignals } from './0001-leases-and-signals.ts'
import { deadLetters } from './0002-dead-letters.ts'
import { charging } from './0003-charging.ts'
import { firehoseRequests } from './0009-firehose-requests.ts'
import type { Migrations } from './migration.ts'

/** New ones come last. */
export const MIGRATIONS: Migrations = {
  '0001-leases-and-signals': leasesAndSignals,
  '0002-dead-letters': deadLetters,
  '0003-charging': charging,
  '0009-firehose-requests': firehoseRequests,
}
