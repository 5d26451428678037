import type { OCPP20 } from 'typed-ocpp'
import type { JsonObject } from '../../domain/json.ts'
import type { InboundAction, InboundCall } from '../action.ts'

/** OCPP 2.0.1 §A02, §A03. The request is kept: a person may sign it and send the certificate. */
export const signCertificate: InboundAction = {
  async handle({
    session,
    request,
    services: { records },
  }: InboundCall<
    OCPP20.SignCertificateRequest & JsonObject
  >): Promise<OCPP20.SignCertificateResponse> {
    await records.add(session, 'certificate-request', request)
    return { status: 'Rejected', statusInfo: { reasonCode: 'NotEnabled' } }
  },
}
