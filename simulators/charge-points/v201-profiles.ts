import { type Reply, reply } from './commands.ts'
import { chargerOf, setProfile } from './operations.ts'
import type { Profile, ProfilePurpose } from './profiles.ts'
import type { Station } from './station.ts'
import type * as Told from './v201-messages.ts'
import type * as Asked from './v201-requests.ts'
import type { Wire201 } from './v201-wire.ts'

/** Smart charging (block K) as far as the server sets the limits. */

type Profile201 = Asked.SetChargingProfileRequest['chargingProfile']

const PURPOSES: Readonly<Record<Profile201['chargingProfilePurpose'], ProfilePurpose>> = {
  // Not set by a server: it is the station's own view of limits from elsewhere.
  ChargingStationExternalConstraints: 'station',
  ChargingStationMaxProfile: 'station',
  TxDefaultProfile: 'default',
  TxProfile: 'transaction',
}

export function createProfileCommands(station: Station, wire: Wire201) {
  const { profiles } = station
  return {
    SetChargingProfile({
      evseId,
      chargingProfile,
    }: Asked.SetChargingProfileRequest): Reply<Asked.SetChargingProfileResponse> {
      const { transactionId, chargingProfilePurpose } = chargingProfile
      const running = station.findEvse(evseId)?.transaction?.id
      // K01.FR.03: one of a transaction says of which.
      const isOfAnother =
        (transactionId !== undefined || chargingProfilePurpose === 'TxProfile') &&
        transactionId !== running
      if (isOfAnother || chargingProfilePurpose === 'ChargingStationExternalConstraints') {
        return reply({ status: 'Rejected' })
      }
      return setProfile(station, readProfile(evseId, chargingProfile))
    },
    ClearChargingProfile({
      chargingProfileId,
      chargingProfileCriteria = {},
    }: Asked.ClearChargingProfileRequest): Reply<Asked.ClearChargingProfileResponse> {
      const { evseId, chargingProfilePurpose, stackLevel } = chargingProfileCriteria
      const purpose = chargingProfilePurpose && PURPOSES[chargingProfilePurpose]
      const count = profiles.clear({ id: chargingProfileId, evseId, purpose, stackLevel })
      return reply({ status: count > 0 ? 'Accepted' : 'Unknown' })
    },
    GetChargingProfiles({
      requestId,
      evseId,
      chargingProfile,
    }: Asked.GetChargingProfilesRequest): Reply<Asked.GetChargingProfilesResponse> {
      const { chargingProfilePurpose, stackLevel, chargingProfileId } = chargingProfile
      const purpose = chargingProfilePurpose && PURPOSES[chargingProfilePurpose]
      const found = profiles
        .list({ evseId, purpose, stackLevel })
        .filter(({ id }) => chargingProfileId === undefined || chargingProfileId.includes(id))
      if (found.length === 0) return reply({ status: 'NoProfiles' })
      return reply({ status: 'Accepted' }, () => {
        for (const [index, profile] of found.entries()) {
          const request: Told.ReportChargingProfilesRequest = {
            requestId,
            chargingLimitSource: 'CSO',
            chargingProfile: [profile.original as Profile201],
            evseId: profile.evseId,
            tbc: index < found.length - 1,
          }
          wire.tell('ReportChargingProfiles', request)
        }
      })
    },
    GetCompositeSchedule({
      evseId,
      duration,
      chargingRateUnit = 'W',
    }: Asked.GetCompositeScheduleRequest): Reply<Asked.GetCompositeScheduleResponse> {
      const charger = chargerOf(station, evseId)
      if (charger === undefined) return reply({ status: 'Rejected' })
      const nowMs = station.scheduler.now()
      const periods = profiles.compose(charger, nowMs, duration, chargingRateUnit)
      return reply({
        status: 'Accepted',
        schedule: {
          evseId,
          duration,
          scheduleStart: new Date(nowMs).toISOString(),
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

/** Of several schedules the first: the others are for cars that negotiate (ISO 15118). */
export function readProfile(evseId: number, profile: Profile201): Profile {
  const [schedule] = profile.chargingSchedule
  const { validFrom, validTo } = profile
  return {
    id: profile.id,
    evseId,
    stackLevel: profile.stackLevel,
    purpose: PURPOSES[profile.chargingProfilePurpose],
    kind: profile.chargingProfileKind,
    recurrency: profile.recurrencyKind,
    validFrom: validFrom === undefined ? undefined : Date.parse(validFrom),
    validTo: validTo === undefined ? undefined : Date.parse(validTo),
    schedule: {
      startAt:
        schedule?.startSchedule === undefined ? undefined : Date.parse(schedule.startSchedule),
      durationS: schedule?.duration,
      unit: schedule?.chargingRateUnit ?? 'W',
      periods: (schedule?.chargingSchedulePeriod ?? []).map(
        ({ startPeriod, limit, numberPhases }) => ({
          startS: startPeriod,
          limit,
          phases: numberPhases,
        }),
      ),
    },
    original: profile,
  }
}
