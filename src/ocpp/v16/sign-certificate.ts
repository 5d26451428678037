import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'

/**
 * Security whitepaper §5.17. There is no certificate authority here yet, so it is rejected; an operator
 * finds the request, has it signed, and sends `install-signed-certificate`.
 */
export const signCertificate: InboundAction = {
  async handle({
    session,
    request: { csr },
    services: { records },
  }: InboundCall<OCPP16.SignCertificateRequest>): Promise<OCPP16.SignCertificateResponse> {
    await records.add(session, 'certificate-request', { csr })
    return { status: 'Rejected' }
  },
}
