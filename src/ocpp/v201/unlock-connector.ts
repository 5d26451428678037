import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** OCPP 2.0.1 §F05. Most EVSEs have one connector: the first is meant unless another one is named. */
export const unlockConnector: OutboundAction = {
  kind: 'unlock-connector',
  compose({
    evseId,
    connectorId = 1,
  }: ParametersOf<'unlock-connector'>): OCPP20.UnlockConnectorRequest {
    return { evseId, connectorId }
  },
  read: readStatus,
}
