import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { splitTransactionId } from '../../domain/charging-transaction.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** OCPP 2.0.1 §F03 */
export const requestStopTransaction: OutboundAction = {
  kind: 'stop-charging',
  compose({ transactionId }: ParametersOf<'stop-charging'>): OCPP20.RequestStopTransactionRequest {
    return { transactionId: splitTransactionId(transactionId).own }
  },
  read: readStatus,
}
