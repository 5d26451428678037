import { type Reply, reply } from './commands.ts'
import { chargerOf, setProfile } from './operations.ts'
import type { Profile, ProfilePurpose } from './profiles.ts'
import type { Station } from './station.ts'
import type * as Ocpp from './v16-messages.ts'

/** Smart charging: the server sets limits; §3.13. */

type Profile16 = Ocpp.SetChargingProfileRequest['csChargingProfiles']

const PURPOSES: Readonly<Record<Profile16['chargingProfilePurpose'], ProfilePurpose>> = {
  ChargePointMaxProfile: 'station',
  TxDefaultProfile: 'default',
  TxProfile: 'transaction',
}

export function createProfileCommands(station: Station) {
  return {
    SetChargingProfile(
      request: Ocpp.SetChargingProfileRequest,
    ): Reply<Ocpp.SetChargingProfileResponse> {
      return setProfile(station, readProfile(request.connectorId, request.csChargingProfiles))
    },
    ClearChargingProfile(
      request: Ocpp.ClearChargingProfileRequest,
    ): Reply<Ocpp.ClearChargingProfileResponse> {
      const { id, connectorId, chargingProfilePurpose, stackLevel } = request
      const purpose = chargingProfilePurpose && PURPOSES[chargingProfilePurpose]
      const count = station.profiles.clear({ id, evseId: connectorId, purpose, stackLevel })
      return reply({ status: count > 0 ? 'Accepted' : 'Unknown' })
    },
    GetCompositeSchedule({
      connectorId,
      duration,
      chargingRateUnit = 'W',
    }: Ocpp.GetCompositeScheduleRequest): Reply<Ocpp.GetCompositeScheduleResponse> {
      const charger = chargerOf(station, connectorId)
      if (charger === undefined) return reply({ status: 'Rejected' })
      const nowMs = station.scheduler.now()
      const periods = station.profiles.compose(charger, nowMs, duration, chargingRateUnit)
      return reply({
        status: 'Accepted',
        connectorId,
        scheduleStart: new Date(nowMs).toISOString(),
        chargingSchedule: {
          duration,
          chargingRateUnit,
          chargingSchedulePeriod: periods.map(({ startS, limit }) => ({
            startPeriod: startS,
            limit,
          })),
        },
      })
    },
  }
}

export function readProfile(connectorId: number, profile: Profile16): Profile {
  const { chargingSchedule: schedule, validFrom, validTo } = profile
  return {
    id: profile.chargingProfileId,
    evseId: connectorId,
    stackLevel: profile.stackLevel,
    purpose: PURPOSES[profile.chargingProfilePurpose],
    kind: profile.chargingProfileKind,
    recurrency: profile.recurrencyKind,
    validFrom: validFrom === undefined ? undefined : Date.parse(validFrom),
    validTo: validTo === undefined ? undefined : Date.parse(validTo),
    schedule: {
      startAt:
        schedule.startSchedule === undefined ? undefined : Date.parse(schedule.startSchedule),
      durationS: schedule.duration,
      unit: schedule.chargingRateUnit,
      periods: schedule.chargingSchedulePeriod.map(({ startPeriod, limit, numberPhases }) => ({
        startS: startPeriod,
        limit,
        phases: numberPhases,
      })),
    },
    original: profile,
  }
}
