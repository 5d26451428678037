import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readMeterValues } from './meter-value.ts'
import { placeOf } from './place.ts'

/** OCPP 1.6 §4.7: of a transaction, or of a connector whatever it does. */
export const meterValues: InboundAction = {
  isGuaranteed: true,
  async handle({
    session,
    request: { connectorId, transactionId, meterValue },
    services: { transactions },
  }: InboundCall<OCPP16.MeterValuesRequest>): Promise<OCPP16.MeterValuesResponse> {
    const place = placeOf(session.id, connectorId)
    await transactions.addReadings(session, place, transactionId, readMeterValues(meterValue))
    return {}
  },
}
