import type { OCPP16 } from 'typed-ocpp'
import type { ChargingProfile, ChargingSchedule } from '../../charging/command-parts.ts'
import { compact } from '../../lib/compact.ts'
import { unsayable } from './unsayable.ts'
import { writeTransactionId } from './wire-values.ts'

type WireProfile = OCPP16.SetChargingProfileRequest['csChargingProfiles']
type WireSchedule = WireProfile['chargingSchedule']

export const PURPOSES = {
  'station-max': 'ChargePointMaxProfile',
  'transaction-default': 'TxDefaultProfile',
  transaction: 'TxProfile',
} as const satisfies Record<ChargingProfile['purpose'], WireProfile['chargingProfilePurpose']>

const KINDS = { absolute: 'Absolute', recurring: 'Recurring', relative: 'Relative' } as const
const RECURRENCES = { daily: 'Daily', weekly: 'Weekly' } as const

/** OCPP 1.6 §7.8 */
export function writeProfile(profile: ChargingProfile): WireProfile {
  const { transactionId, recurrence, schedules } = profile
  const [schedule] = schedules
  if (schedule === undefined || schedules.length > 1) {
    throw unsayable('profile.schedules', 'is one schedule')
  }
  return compact({
    chargingProfileId: profile.id,
    transactionId: transactionId === undefined ? undefined : writeTransactionId(transactionId),
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: PURPOSES[profile.purpose],
    chargingProfileKind: KINDS[profile.kind],
    recurrencyKind: recurrence && RECURRENCES[recurrence],
    validFrom: profile.validFrom,
    validTo: profile.validTo,
    chargingSchedule: writeSchedule(schedule),
  })
}

function writeSchedule(schedule: ChargingSchedule): WireSchedule {
  const { durationSeconds, startsAt, unit, minRate, periods } = schedule
  return compact({
    duration: durationSeconds,
    startSchedule: startsAt,
    chargingRateUnit: unit,
    minChargingRate: minRate === undefined ? undefined : writeRate(minRate),
    chargingSchedulePeriod: periods.map(writePeriod),
  })
}

type Period = ChargingSchedule['periods'][number]

function writePeriod({ startSeconds, limit, phases, phaseToUse }: Period) {
  if (phaseToUse !== undefined) {
    throw unsayable('profile.schedules[0].periods', 'have no phaseToUse')
  }
  return compact({ startPeriod: startSeconds, limit: writeRate(limit), numberPhases: phases })
}

/** One decimal (§7.14); binary fractions are off by a little. */
function writeRate(rate: number): number {
  const tenths = Math.round(rate * 10)
  if (Math.abs(rate * 10 - tenths) > 1e-6) {
    throw unsayable('profile.schedules[0]', `has rates of one decimal, not ${rate}`)
  }
  return tenths / 10
}
