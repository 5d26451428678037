import type { OCPP16 } from 'typed-ocpp'
import type { JsonObject } from '../../domain/json.ts'
import type { ChargingRecordKind } from '../../ports/charging-records.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'

// What a charge point tells and we keep as it came, to be read by people: the answer is always empty.

/** OCPP 1.6 §4.4 */
export const diagnosticsStatusNotification = keep('diagnostics-status')

/** OCPP 1.6 §4.5 */
export const firmwareStatusNotification = keep('firmware-status')

/** Security whitepaper §5.19 */
export const signedFirmwareStatusNotification = keep('firmware-status')

/** Security whitepaper §5.13 */
export const logStatusNotification = keep('log-status')

/** Security whitepaper §5.15 */
export const securityEventNotification = keep(
  'security-event',
  ({ timestamp }: OCPP16.SecurityEventNotificationRequest) => readTime(timestamp),
)

function keep<Request = object>(
  kind: ChargingRecordKind,
  timeOf?: (request: Request) => number,
): InboundAction {
  return {
    async handle({ session, request, services }: InboundCall<Request & JsonObject>) {
      await services.records.add(session, kind, request, timeOf?.(request))
      return {}
    },
  }
}
