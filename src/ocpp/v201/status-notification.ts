import type { OCPP20 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'

/** OCPP 2.0.1 §G01 */
export const statusNotification: InboundAction = {
  async handle({
    session,
    request: { evseId, connectorId, connectorStatus, timestamp },
    services: { connectors },
  }: InboundCall<OCPP20.StatusNotificationRequest>): Promise<OCPP20.StatusNotificationResponse> {
    await connectors.report(session, {
      chargePointId: session.id,
      evseId,
      connectorId,
      state: connectorStatus,
      at: readTime(timestamp),
    })
    return {}
  },
}
