import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { writeIdTagInfo } from './id-tag-info.ts'

/** OCPP 1.6 §4.1 */
export const authorize: InboundAction = {
  async handle({
    request: { idTag },
    services: { authorization },
  }: InboundCall<OCPP16.AuthorizeRequest>): Promise<OCPP16.AuthorizeResponse> {
    return { idTagInfo: writeIdTagInfo(await authorization.authorize(idTag)) }
  },
}
