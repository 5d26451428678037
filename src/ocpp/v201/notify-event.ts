import type { OCPP20 } from 'typed-ocpp'
import type { ConnectorState, ConnectorStatus } from '../../domain/charge-point.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'

type EventData = OCPP20.NotifyEventRequest['eventData'][number]

const STATES: readonly ConnectorState[] = [
  'Available',
  'Occupied',
  'Reserved',
  'Unavailable',
  'Faulted',
]

/**
 * OCPP 2.0.1 §N07, §G05. Kept as it came; and as a charge point may say in this way how a connector is
 * doing, instead of by StatusNotification (§G01), that is taken from it.
 */
export const notifyEvent: InboundAction = {
  async handle({
    session,
    request,
    services: { connectors, records },
  }: InboundCall<OCPP20.NotifyEventRequest & JsonObject>): Promise<OCPP20.NotifyEventResponse> {
    const statuses = request.eventData.flatMap((event) => readStatus(session.id, event))
    await Promise.all([
      records.add(session, 'device-event', request, readTime(request.generatedAt)),
      ...statuses.map((status) => connectors.report(session, status)),
    ])
    return {}
  },
}

function readStatus(
  chargePointId: string,
  { component, variable, actualValue, timestamp, techCode, techInfo }: EventData,
): ConnectorStatus[] {
  const isConnector = component.name === 'Connector' && variable.name === 'AvailabilityState'
  const { id: evseId, connectorId } = component.evse ?? {}
  if (!isConnector || evseId === undefined || connectorId === undefined) return []
  const state = STATES.find((state) => state === actualValue)
  if (state === undefined) return []
  const at = readTime(timestamp)
  return [{ chargePointId, evseId, connectorId, state, at, errorCode: techCode, info: techInfo }]
}
