import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { unsayable } from './unsayable.ts'
import { writeConnector } from './wire-values.ts'

type Parameters = ParametersOf<'trigger-message'>
type Message = Parameters['message']

const BASIC: Partial<Record<Message, OCPP16.TriggerMessageRequest['requestedMessage']>> = {
  boot: 'BootNotification',
  heartbeat: 'Heartbeat',
  status: 'StatusNotification',
  'meter-values': 'MeterValues',
  'firmware-status': 'FirmwareStatusNotification',
  'diagnostics-status': 'DiagnosticsStatusNotification',
}

/** What only charge points with the security extension understand. */
const EXTENDED: Partial<Record<Message, OCPP16.ExtendedTriggerMessageRequest['requestedMessage']>> =
  {
    'signed-firmware-status': 'FirmwareStatusNotification',
    'log-status': 'LogStatusNotification',
    'sign-certificate': 'SignChargePointCertificate',
  }

/** OCPP 1.6 §5.17 */
export const triggerMessage = triggerOf(BASIC)

/** Security whitepaper §5.5 */
export const extendedTriggerMessage = triggerOf(EXTENDED)

function triggerOf(messages: Partial<Record<Message, string>>): OutboundAction {
  return {
    kind: 'trigger-message',
    fits: ({ message }: Parameters) => messages[message] !== undefined,
    compose(parameters: Parameters) {
      const requestedMessage = messages[parameters.message]
      if (requestedMessage === undefined) throw unsayable('message', 'is of OCPP 2.0.1')
      return compact({ requestedMessage, connectorId: writeConnector(parameters) })
    },
    read: readStatus,
  }
}
