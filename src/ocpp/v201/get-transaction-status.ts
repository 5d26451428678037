import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { splitTransactionId } from '../../domain/charging-transaction.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer } from '../outcome.ts'

/** OCPP 2.0.1 §E14 */
export const getTransactionStatus: OutboundAction = {
  kind: 'get-transaction-status',
  compose({
    transactionId,
  }: ParametersOf<'get-transaction-status'>): OCPP20.GetTransactionStatusRequest {
    return transactionId === undefined
      ? {}
      : { transactionId: splitTransactionId(transactionId).own }
  },
  read: readAnswer,
}
