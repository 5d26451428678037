import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { PURPOSES, writeProfile } from './charging-profile.ts'

/** OCPP 1.6 §5.16 */
export const setChargingProfile: OutboundAction = {
  kind: 'set-charging-profile',
  compose({
    evseId = 0,
    profile,
  }: ParametersOf<'set-charging-profile'>): OCPP16.SetChargingProfileRequest {
    return { connectorId: evseId, csChargingProfiles: writeProfile(profile) }
  },
  read: readStatus,
}

/** OCPP 1.6 §5.5. Unknown: there was none that fits. */
export const clearChargingProfile: OutboundAction = {
  kind: 'clear-charging-profile',
  compose({
    profileId,
    evseId,
    purpose,
    stackLevel,
  }: ParametersOf<'clear-charging-profile'>): OCPP16.ClearChargingProfileRequest {
    return compact({
      id: profileId,
      connectorId: evseId,
      chargingProfilePurpose: purpose && PURPOSES[purpose],
      stackLevel,
    })
  },
  read: readStatus,
}

/** OCPP 1.6 §5.7 */
export const getCompositeSchedule: OutboundAction = {
  kind: 'get-composite-schedule',
  compose({
    evseId,
    durationSeconds,
    unit,
  }: ParametersOf<'get-composite-schedule'>): OCPP16.GetCompositeScheduleRequest {
    return compact({ connectorId: evseId, duration: durationSeconds, chargingRateUnit: unit })
  },
  read: readStatus,
}
