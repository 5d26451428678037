import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { PURPOSE } from './charging-profile.ts'
import { unsayable } from './unsayable.ts'

/** OCPP 2.0.1 §K10: one by its id, or those that fit; something has to be named (§K10.FR.02). */
export const clearChargingProfile: OutboundAction = {
  kind: 'clear-charging-profile',
  compose(parameters: ParametersOf<'clear-charging-profile'>): OCPP20.ClearChargingProfileRequest {
    const { profileId, evseId, purpose, stackLevel } = parameters
    if (profileId !== undefined) return { chargingProfileId: profileId }
    const criteria = compact({
      evseId,
      chargingProfilePurpose: purpose && PURPOSE[purpose],
      stackLevel,
    })
    if (Object.keys(criteria).length === 0) {
      throw unsayable('profileId', 'or one of evseId, purpose and stackLevel is needed')
    }
    return { chargingProfileCriteria: criteria }
  },
  read: readStatus,
}
