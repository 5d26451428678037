import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeProfile } from './charging-profile.ts'
import { writeGroup, writeToken } from './id-token.ts'
import { needed, unsayable } from './unsayable.ts'

/** OCPP 2.0.1 §F01, §F02 */
export const requestStartTransaction: OutboundAction = {
  kind: 'start-charging',
  compose(parameters: ParametersOf<'start-charging'>): OCPP20.RequestStartTransactionRequest {
    const { evseId, connectorId, tokenUid, tokenKind, tokenGroupId, profile } = parameters
    if (connectorId !== undefined) {
      throw unsayable('connectorId', 'is left out, the driver chooses among those of the EVSE')
    }
    // §F01.FR.11: a profile for the transaction that this starts, whose id nobody knows yet.
    if (profile !== undefined && profile.purpose !== 'transaction') {
      throw unsayable('profile.purpose', 'is transaction')
    }
    if (profile?.transactionId !== undefined) {
      throw unsayable('profile.transactionId', 'is left out, there is no transaction yet')
    }
    return compact({
      evseId,
      remoteStartId: needed(parameters.remoteStartId, 'remoteStartId'),
      idToken: writeToken(tokenUid, tokenKind),
      groupIdToken: tokenGroupId === undefined ? undefined : writeGroup(tokenGroupId),
      chargingProfile: profile === undefined ? undefined : writeProfile(profile),
    })
  },
  read: readStatus,
}
