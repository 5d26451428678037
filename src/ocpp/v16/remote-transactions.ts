import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeProfile } from './charging-profile.ts'
import { unsayable } from './unsayable.ts'
import { writeConnector, writeIdTag, writeTransactionId } from './wire-values.ts'

/** OCPP 1.6 §5.11 */
export const remoteStartTransaction: OutboundAction = {
  kind: 'start-charging',
  compose(parameters: ParametersOf<'start-charging'>): OCPP16.RemoteStartTransactionRequest {
    const { tokenUid, profile } = parameters
    // §5.16.2: it is of the transaction that is yet to come.
    if (profile !== undefined && profile.purpose !== 'transaction') {
      throw unsayable('profile.purpose', 'is transaction')
    }
    if (profile?.transactionId !== undefined) {
      throw unsayable('profile.transactionId', 'is not known yet: leave it out')
    }
    return compact({
      idTag: writeIdTag(tokenUid),
      connectorId: writeConnector(parameters),
      chargingProfile: profile && writeProfile(profile),
    })
  },
  read: readStatus,
}

/** OCPP 1.6 §5.12 */
export const remoteStopTransaction: OutboundAction = {
  kind: 'stop-charging',
  compose({ transactionId }: ParametersOf<'stop-charging'>): OCPP16.RemoteStopTransactionRequest {
    return { transactionId: writeTransactionId(transactionId) }
  },
  read: readStatus,
}
