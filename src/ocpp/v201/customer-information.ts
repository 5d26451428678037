import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeToken } from './id-token.ts'
import { needed, unsayable } from './unsayable.ts'

/** OCPP 2.0.1 §N09, §N10. The report comes afterwards, with the same request id. */
export const customerInformation: OutboundAction = {
  kind: 'get-customer-information',
  compose(parameters: ParametersOf<'get-customer-information'>): OCPP20.CustomerInformationRequest {
    const { isReportWanted, isToBeCleared, tokenUid, tokenKind, customerId, certificate } =
      parameters
    const told = [tokenUid, customerId, certificate].filter((who) => who !== undefined)
    // §N09.FR.04, §N10.FR.08
    if (told.length !== 1) {
      throw unsayable('tokenUid', 'or customerId or certificate is needed, and only one of them')
    }
    return compact({
      requestId: needed(parameters.requestId, 'requestId'),
      report: isReportWanted,
      clear: isToBeCleared,
      idToken: tokenUid === undefined ? undefined : writeToken(tokenUid, tokenKind),
      customerIdentifier: customerId,
      customerCertificate: certificate,
    })
  },
  read: readStatus,
}
