import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { needed, unsayable } from './unsayable.ts'
import { writeIdTag } from './wire-values.ts'

/** OCPP 1.6 §5.13. Connector 0: whichever is left. */
export const reserveNow: OutboundAction = {
  kind: 'reserve',
  compose(parameters: ParametersOf<'reserve'>): OCPP16.ReserveNowRequest {
    const { evseId = 0, connectorKind, tokenUid, tokenGroupId, expiresAt } = parameters
    if (connectorKind !== undefined) throw unsayable('connectorKind', 'can not be asked for')
    return compact({
      connectorId: evseId,
      idTag: writeIdTag(tokenUid),
      parentIdTag:
        tokenGroupId === undefined ? undefined : writeIdTag(tokenGroupId, 'tokenGroupId'),
      expiryDate: expiresAt,
      reservationId: needed(parameters.reservationId, 'reservationId'),
    })
  },
  read: readStatus,
}

/** OCPP 1.6 §5.1. Rejected: it knows no such reservation. */
export const cancelReservation: OutboundAction = {
  kind: 'cancel-reservation',
  compose({ reservationId }: ParametersOf<'cancel-reservation'>): OCPP16.CancelReservationRequest {
    return { reservationId }
  },
  read: readStatus,
}
