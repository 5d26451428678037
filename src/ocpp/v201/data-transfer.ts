import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { InboundAction, InboundCall, OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** Any JSON, though the types that are made from the schemas say an object. */
type Data = NonNullable<OCPP20.DataTransferRequest['data']>

/** OCPP 2.0.1 §P02: by a charge point. */
export const receiveDataTransfer: InboundAction = {
  async handle({
    session,
    request: { vendorId, messageId, data },
    services: { vendorMessages },
  }: InboundCall<OCPP20.DataTransferRequest>): Promise<OCPP20.DataTransferResponse> {
    const answer = await vendorMessages.receive(session, { vendorId, messageId, data })
    return compact({ status: answer.status, data: answer.data as Data | undefined })
  },
}

/** OCPP 2.0.1 §P01: by us. */
export const sendDataTransfer: OutboundAction = {
  kind: 'send-vendor-message',
  compose({
    vendorId,
    messageId,
    data,
  }: ParametersOf<'send-vendor-message'>): OCPP20.DataTransferRequest {
    return compact({ vendorId, messageId, data: data as Data | undefined })
  },
  read: readStatus,
}
