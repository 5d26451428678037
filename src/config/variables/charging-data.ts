import { integer } from '../variable.ts'

const days = (options: { readonly default: number; readonly min?: number; description: string }) =>
  integer({ min: 0, max: 36_500, unit: 'days', ...options })

/** What charge points have told. */
export const chargingDataVariables = {
  CHARGING_TRANSACTION_LOST_AFTER_H: integer({
    default: 72,
    min: 1,
    max: 8760,
    unit: 'h',
    description:
      'A charging transaction of which nothing was told for so long is lost: it takes no place of its id token any more.',
  }),
  CHARGING_READING_RETENTION_DAYS: days({
    default: 400,
    description:
      'Meter values of a transaction are dropped so long after its end; those of an open one never. 0: never.',
  }),
  CHARGING_PLACE_READING_RETENTION_DAYS: days({
    default: 90,
    description:
      'Meter values outside of transactions are dropped so long after they came. 0: never.',
  }),
  CHARGING_RECORD_RETENTION_DAYS: days({
    default: 400,
    description:
      'What charge points tell beside transactions (security events, reports, logs) is dropped so long after it came. 0: never.',
  }),
  CHARGING_STATUS_RETENTION_DAYS: days({
    default: 400,
    description:
      'The history of connectors’ states is dropped so long after it came; how they are now stays. 0: never.',
  }),
  CHARGING_COMMAND_RETENTION_DAYS: days({
    default: 90,
    description:
      'Commands are dropped so long after they ended, reservations so long after their time. 0: never.',
  }),
  CHARGING_TRANSACTION_RETENTION_DAYS: days({
    default: 0,
    description:
      'Charging transactions are dropped so long after their end, with their meter values; a start that is told again after that is a new one. 0: never.',
  }),
} as const
