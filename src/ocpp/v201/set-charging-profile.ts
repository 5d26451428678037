import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeProfile } from './charging-profile.ts'
import { needed } from './unsayable.ts'

/** OCPP 2.0.1 §K01 */
export const setChargingProfile: OutboundAction = {
  kind: 'set-charging-profile',
  compose({
    evseId = 0,
    profile,
  }: ParametersOf<'set-charging-profile'>): OCPP20.SetChargingProfileRequest {
    // §K01.FR.03: of a transaction that is known.
    if (profile.purpose === 'transaction') needed(profile.transactionId, 'profile.transactionId')
    return { evseId, chargingProfile: writeProfile(profile) }
  },
  read: readStatus,
}
