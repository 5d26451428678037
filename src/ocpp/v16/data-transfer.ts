import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { InboundAction, InboundCall, OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { unsayable } from './unsayable.ts'

/** OCPP 1.6 §4.3 */
export const receiveDataTransfer: InboundAction = {
  async handle({
    session,
    request: { vendorId, messageId, data },
    services: { vendorMessages },
  }: InboundCall<OCPP16.DataTransferRequest>): Promise<OCPP16.DataTransferResponse> {
    const answer = await vendorMessages.receive(session, { vendorId, messageId, data })
    return compact({ status: answer.status, data: writeData(answer.data) })
  },
}

/** OCPP 1.6 §5.6 */
export const sendDataTransfer: OutboundAction = {
  kind: 'send-vendor-message',
  compose({
    vendorId,
    messageId,
    data,
  }: ParametersOf<'send-vendor-message'>): OCPP16.DataTransferRequest {
    if (data !== undefined && typeof data !== 'string') {
      throw unsayable('data', 'is text')
    }
    return compact({ vendorId, messageId, data })
  },
  read: readStatus,
}

/** A vendor's answer of other types is told as JSON text. */
function writeData(data: unknown): string | undefined {
  return data === undefined || typeof data === 'string' ? data : JSON.stringify(data)
}
