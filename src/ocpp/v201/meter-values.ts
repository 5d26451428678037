import type { OCPP20 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readMeterValues } from './meter-value.ts'

/** OCPP 2.0.1 §J01: what is metered outside of transactions, whose values come with their events. */
export const meterValues: InboundAction = {
  async handle({
    session,
    request: { evseId, meterValue },
    services: { transactions },
  }: InboundCall<OCPP20.MeterValuesRequest>): Promise<OCPP20.MeterValuesResponse> {
    const place = { chargePointId: session.id, evseId, connectorId: 0 }
    await transactions.addReadings(session, place, undefined, readMeterValues(meterValue))
    return {}
  },
}
