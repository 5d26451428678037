import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'
import { writeIdTagInfo } from './id-tag-info.ts'
import { readMeterValues } from './meter-value.ts'

/** OCPP 1.6 §4.10. Nothing is refused: it has stopped, and the charge point would only tell it again. */
export const stopTransaction: InboundAction = {
  isGuaranteed: true,
  async handle({
    session,
    request: { transactionId, idTag, meterStop, timestamp, reason, transactionData },
    services: { transactions },
  }: InboundCall<OCPP16.StopTransactionRequest>): Promise<OCPP16.StopTransactionResponse> {
    const info = await transactions.stop(session, {
      chargePointId: session.id,
      number: transactionId,
      at: readTime(timestamp),
      meterStopWh: meterStop,
      // Left out it is Local (§6.49).
      reason: reason ?? 'Local',
      tokenUid: idTag,
      readings: readMeterValues(transactionData ?? []),
    })
    return info === undefined ? {} : { idTagInfo: writeIdTagInfo(info) }
  },
}
