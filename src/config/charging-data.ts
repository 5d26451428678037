import type { Env } from './env.ts'

export interface ChargingDataConfig {
  /** Of silence. */
  readonly transactionLostAfterMs: number
  /** undefined: for ever. */
  readonly retentionMs: {
    readonly readings: number | undefined
    readonly 'place-readings': number | undefined
    readonly records: number | undefined
    readonly statuses: number | undefined
    readonly commands: number | undefined
    readonly reservations: number | undefined
    readonly transactions: number | undefined
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function createChargingDataConfig(env: Env): ChargingDataConfig {
  const transactions = toMs(env.CHARGING_TRANSACTION_RETENTION_DAYS)
  const readings = toMs(env.CHARGING_READING_RETENTION_DAYS)
  return {
    transactionLostAfterMs: env.CHARGING_TRANSACTION_LOST_AFTER_H * HOUR_MS,
    retentionMs: {
      // A transaction takes its readings with it.
      readings:
        transactions === undefined ? readings : Math.min(transactions, readings ?? Infinity),
      'place-readings': toMs(env.CHARGING_PLACE_READING_RETENTION_DAYS),
      records: toMs(env.CHARGING_RECORD_RETENTION_DAYS),
      statuses: toMs(env.CHARGING_STATUS_RETENTION_DAYS),
      commands: toMs(env.CHARGING_COMMAND_RETENTION_DAYS),
      reservations: toMs(env.CHARGING_COMMAND_RETENTION_DAYS),
      transactions,
    },
  }
}

function toMs(days: number): number | undefined {
  return days === 0 ? undefined : days * DAY_MS
}
