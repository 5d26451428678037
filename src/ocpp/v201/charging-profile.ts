import type { OCPP20 } from 'typed-ocpp'
import type { ChargingProfile, ChargingSchedule } from '../../charging/command-parts.ts'
import { splitTransactionId } from '../../domain/charging-transaction.ts'
import { compact } from '../../lib/compact.ts'

type WireProfile = OCPP20.SetChargingProfileRequest['chargingProfile']
type WireSchedule = WireProfile['chargingSchedule'][number]

export const PURPOSE = {
  'station-max': 'ChargingStationMaxProfile',
  'transaction-default': 'TxDefaultProfile',
  transaction: 'TxProfile',
} as const
const KIND = { absolute: 'Absolute', recurring: 'Recurring', relative: 'Relative' } as const
const RECURRENCE = { daily: 'Daily', weekly: 'Weekly' } as const

export function writeProfile(profile: ChargingProfile): WireProfile {
  const { id, stackLevel, purpose, kind, recurrence, validFrom, validTo, transactionId } = profile
  return compact({
    id,
    stackLevel,
    chargingProfilePurpose: PURPOSE[purpose],
    chargingProfileKind: KIND[kind],
    recurrencyKind: recurrence && RECURRENCE[recurrence],
    validFrom,
    validTo,
    transactionId: transactionId === undefined ? undefined : splitTransactionId(transactionId).own,
    chargingSchedule: profile.schedules.map(writeSchedule),
  })
}

/** Schedules of a profile are told apart by their numbers. */
function writeSchedule(schedule: ChargingSchedule, index: number): WireSchedule {
  const { startsAt, durationSeconds, unit, minRate, periods } = schedule
  return compact({
    id: index + 1,
    startSchedule: startsAt,
    duration: durationSeconds,
    chargingRateUnit: unit,
    minChargingRate: minRate,
    chargingSchedulePeriod: periods.map(({ startSeconds, limit, phases, phaseToUse }) =>
      compact({ startPeriod: startSeconds, limit, numberPhases: phases, phaseToUse }),
    ),
  })
}
