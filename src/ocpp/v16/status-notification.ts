import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'
import { placeOf } from './place.ts'

/** OCPP 1.6 §4.9. The states are those of the domain. */
export const statusNotification: InboundAction = {
  async handle({
    session,
    request: { connectorId, status, timestamp, errorCode, info, vendorId, vendorErrorCode },
    services: { connectors, clock },
  }: InboundCall<OCPP16.StatusNotificationRequest>): Promise<OCPP16.StatusNotificationResponse> {
    await connectors.report(session, {
      ...placeOf(session.id, connectorId),
      state: status,
      at: timestamp === undefined ? clock.now() : readTime(timestamp),
      errorCode: errorCode === 'NoError' ? undefined : errorCode,
      info,
      vendorId,
      vendorErrorCode,
    })
    return {}
  },
}
