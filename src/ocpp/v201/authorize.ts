import type { OCPP20 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTokenUid, writeTokenInfo } from './id-token.ts'

/** OCPP 2.0.1 §C01 */
export const authorize: InboundAction = {
  async handle({
    request,
    services: { authorization },
  }: InboundCall<OCPP20.AuthorizeRequest>): Promise<OCPP20.AuthorizeResponse> {
    // §C07: a contract certificate is to be checked, and nothing here can do that yet. What a contract
    // is called is no secret, so its name alone opens nothing.
    if (request.certificate !== undefined || request.iso15118CertificateHashData !== undefined) {
      return { idTokenInfo: { status: 'Invalid' }, certificateStatus: 'NoCertificateAvailable' }
    }
    const uid = readTokenUid(request.idToken)
    const info = uid === undefined ? undefined : await authorization.authorize(uid)
    return { idTokenInfo: writeTokenInfo(request.idToken, info) }
  },
}
