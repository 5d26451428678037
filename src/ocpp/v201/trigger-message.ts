import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeEvse } from './place.ts'
import { needed, unsayable } from './unsayable.ts'

type Message = ParametersOf<'trigger-message'>['message']
type WireMessage = OCPP20.TriggerMessageRequest['requestedMessage']

/** Undefined: a message that 2.0.1 doesn't have, or not apart from another one. */
const MESSAGE: Record<Message, WireMessage | undefined> = {
  boot: 'BootNotification',
  heartbeat: 'Heartbeat',
  status: 'StatusNotification',
  'meter-values': 'MeterValues',
  transaction: 'TransactionEvent',
  'firmware-status': 'FirmwareStatusNotification',
  'signed-firmware-status': undefined,
  'diagnostics-status': undefined,
  'log-status': 'LogStatusNotification',
  'sign-certificate': 'SignChargingStationCertificate',
  'sign-v2g-certificate': 'SignV2GCertificate',
  'sign-combined-certificate': 'SignCombinedCertificate',
}

/** OCPP 2.0.1 §F06 */
export const triggerMessage: OutboundAction = {
  kind: 'trigger-message',
  compose(parameters: ParametersOf<'trigger-message'>): OCPP20.TriggerMessageRequest {
    const { message, evseId, connectorId } = parameters
    const requestedMessage = MESSAGE[message]
    if (requestedMessage === undefined) throw unsayable('message', `${message} is of OCPP 1.6`)
    // §F06.FR.12: a status is that of a connector.
    const evse =
      message === 'status'
        ? { id: needed(evseId, 'evseId'), connectorId: connectorId ?? 1 }
        : writeEvse(evseId, connectorId)
    return compact({ requestedMessage, evse })
  },
  read: readStatus,
}
