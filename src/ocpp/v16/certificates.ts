import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { ExecutionResult } from '../../charging/session.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus } from '../outcome.ts'
import { unsayable } from './unsayable.ts'

type CertificateUse = OCPP16.InstallCertificateRequest['certificateType']

const USES: Partial<Record<string, CertificateUse>> = {
  'csms-root': 'CentralSystemRootCertificate',
  'manufacturer-root': 'ManufacturerRootCertificate',
}

/** Security whitepaper §5.1 */
export const certificateSigned: OutboundAction = {
  kind: 'install-signed-certificate',
  compose({
    certificateChain,
    use = 'charging-station',
  }: ParametersOf<'install-signed-certificate'>): OCPP16.CertificateSignedRequest {
    if (use !== 'charging-station') throw unsayable('use', 'is charging-station')
    return { certificateChain }
  },
  read: readStatus,
}

/** Security whitepaper §5.3 */
export const deleteCertificate: OutboundAction = {
  kind: 'delete-certificate',
  compose({ certificate }: ParametersOf<'delete-certificate'>): OCPP16.DeleteCertificateRequest {
    return { certificateHashData: certificate }
  },
  read: readStatus,
}

/** Security whitepaper §5.7. NotFound: there are none of this use. */
export const getInstalledCertificateIds: OutboundAction = {
  kind: 'get-installed-certificate-ids',
  compose({
    uses = [],
  }: ParametersOf<'get-installed-certificate-ids'>): OCPP16.GetInstalledCertificateIdsRequest {
    const [use] = uses
    if (use === undefined || uses.length > 1) {
      throw unsayable('uses', 'is one use: send a command for each')
    }
    return { certificateType: writeUse(use, 'uses') }
  },
  read(answer: OCPP16.GetInstalledCertificateIdsResponse): ExecutionResult {
    return answer.status === 'NotFound' ? readAnswer(answer) : readStatus(answer)
  },
}

/** Security whitepaper §5.11 */
export const installCertificate: OutboundAction = {
  kind: 'install-certificate',
  compose({
    use,
    certificate,
  }: ParametersOf<'install-certificate'>): OCPP16.InstallCertificateRequest {
    return { certificateType: writeUse(use, 'use'), certificate }
  },
  read: readStatus,
}

function writeUse(use: string, field: string): CertificateUse {
  const certificateType = USES[use]
  if (certificateType === undefined) {
    throw unsayable(field, `is one of ${Object.keys(USES).join(', ')}`)
  }
  return certificateType
}
