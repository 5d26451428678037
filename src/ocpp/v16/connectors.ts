import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

import { writeConnector } from './wire-values.ts'

/** OCPP 1.6 §5.2. Scheduled: it becomes so after the transaction that is running. */
export const changeAvailability: OutboundAction = {
  kind: 'change-availability',
  compose(parameters: ParametersOf<'change-availability'>): OCPP16.ChangeAvailabilityRequest {
    return {
      connectorId: writeConnector(parameters) ?? 0,
      type: parameters.isOperative ? 'Operative' : 'Inoperative',
    }
  },
  read: readStatus,
}

/** OCPP 1.6 §5.18 */
export const unlockConnector: OutboundAction = {
  kind: 'unlock-connector',
  compose(parameters: ParametersOf<'unlock-connector'>): OCPP16.UnlockConnectorRequest {
    return { connectorId: writeConnector(parameters) ?? parameters.evseId }
  },
  read: readStatus,
}
