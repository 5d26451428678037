import { strict as assert } from 'node:assert'
import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'
import { writeIdTagInfo } from './id-tag-info.ts'
import { placeOf } from './place.ts'

/**
 * OCPP 1.6 §4.8. It has started, so it has a number, whatever its tag is worth; told again, days later,
 * it has the same one.
 */
export const startTransaction: InboundAction = {
  isGuaranteed: true,
  async handle({
    session,
    request: { connectorId, idTag, meterStart, timestamp, reservationId },
    services: { transactions },
  }: InboundCall<OCPP16.StartTransactionRequest>): Promise<OCPP16.StartTransactionResponse> {
    const { transaction, token } = await transactions.start(session, {
      ...placeOf(session.id, connectorId),
      tokenUid: idTag,
      at: readTime(timestamp),
      meterStartWh: meterStart,
      reservationId,
    })
    assert(transaction.number !== undefined, 'a transaction of 1.6 has a number')
    return { transactionId: transaction.number, idTagInfo: writeIdTagInfo(token) }
  },
}
