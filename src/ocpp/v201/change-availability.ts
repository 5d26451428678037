import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeEvse } from './place.ts'

/** OCPP 2.0.1 §G03, §G04: of the charge point, one of its EVSEs, or one connector. */
export const changeAvailability: OutboundAction = {
  kind: 'change-availability',
  compose({
    isOperative,
    evseId,
    connectorId,
  }: ParametersOf<'change-availability'>): OCPP20.ChangeAvailabilityRequest {
    const evse = writeEvse(evseId, connectorId)
    return {
      operationalStatus: isOperative ? 'Operative' : 'Inoperative',
      ...(evse && { evse }),
    }
  },
  read: readStatus,
}
