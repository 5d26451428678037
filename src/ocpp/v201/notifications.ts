import type { OCPP20 } from 'typed-ocpp'
import type { JsonObject } from '../../domain/json.ts'
import type { ChargingRecordKind } from '../../ports/charging-records.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'

// What a charge point tells and we keep as it came, to be read by people: the answer is always empty.

/** OCPP 2.0.1 §A04 */
export const securityEventNotification = keep(
  'security-event',
  ({ timestamp }: OCPP20.SecurityEventNotificationRequest) => readTime(timestamp),
)

/** OCPP 2.0.1 §L01 */
export const firmwareStatusNotification = keep('firmware-status')

/** OCPP 2.0.1 §N01 */
export const logStatusNotification = keep('log-status')

/** OCPP 2.0.1 §N09 */
export const notifyCustomerInformation = keep(
  'customer-information',
  ({ generatedAt }: OCPP20.NotifyCustomerInformationRequest) => readTime(generatedAt),
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
