import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeGroup, writeToken } from './id-token.ts'
import { isOneEvse } from './place.ts'
import { needed, oneOf } from './unsayable.ts'

type ConnectorKind = NonNullable<OCPP20.ReserveNowRequest['connectorType']>

// biome-ignore format: a list of words
const CONNECTOR_KINDS = [
  'cCCS1', 'cCCS2', 'cG105', 'cTesla', 'cType1', 'cType2', 's309-1P-16A', 's309-1P-32A',
  's309-3P-16A', 's309-3P-32A', 'sBS1361', 'sCEE-7-7', 'sType2', 'sType3', 'Other1PhMax16A',
  'Other1PhOver16A', 'Other3Ph', 'Pan', 'wInductive', 'wResonant', 'Undetermined', 'Unknown',
] as const satisfies readonly ConnectorKind[]

/** OCPP 2.0.1 §H01 */
export const reserveNow: OutboundAction = {
  kind: 'reserve',
  compose(parameters: ParametersOf<'reserve'>): OCPP20.ReserveNowRequest {
    const { evseId, connectorKind, tokenUid, tokenKind, tokenGroupId, expiresAt } = parameters
    return compact({
      id: needed(parameters.reservationId, 'reservationId'),
      expiryDateTime: expiresAt,
      evseId: isOneEvse(evseId) ? evseId : undefined,
      connectorType:
        connectorKind === undefined
          ? undefined
          : oneOf(CONNECTOR_KINDS, connectorKind, 'connectorKind'),
      idToken: writeToken(tokenUid, tokenKind),
      groupIdToken: tokenGroupId === undefined ? undefined : writeGroup(tokenGroupId),
    })
  },
  read: readStatus,
}

/** OCPP 2.0.1 §H02 */
export const cancelReservation: OutboundAction = {
  kind: 'cancel-reservation',
  compose({ reservationId }: ParametersOf<'cancel-reservation'>): OCPP20.CancelReservationRequest {
    return { reservationId }
  },
  read: readStatus,
}
