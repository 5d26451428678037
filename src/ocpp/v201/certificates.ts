import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { ExecutionResult } from '../../charging/session.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus } from '../outcome.ts'

const ROOT_USE = {
  'csms-root': 'CSMSRootCertificate',
  'manufacturer-root': 'ManufacturerRootCertificate',
  'v2g-root': 'V2GRootCertificate',
  'mo-root': 'MORootCertificate',
} as const
const INSTALLED_USE = { ...ROOT_USE, 'v2g-certificate-chain': 'V2GCertificateChain' } as const
const SIGNED_USE = {
  'charging-station': 'ChargingStationCertificate',
  v2g: 'V2GCertificate',
} as const

/** OCPP 2.0.1 §M05 */
export const installCertificate: OutboundAction = {
  kind: 'install-certificate',
  compose({
    use,
    certificate,
  }: ParametersOf<'install-certificate'>): OCPP20.InstallCertificateRequest {
    return { certificateType: ROOT_USE[use], certificate }
  },
  read: readStatus,
}

/** OCPP 2.0.1 §M03. That there is none is an answer, too. */
export const getInstalledCertificateIds: OutboundAction = {
  kind: 'get-installed-certificate-ids',
  compose({
    uses,
  }: ParametersOf<'get-installed-certificate-ids'>): OCPP20.GetInstalledCertificateIdsRequest {
    return compact({ certificateType: uses?.map((use) => INSTALLED_USE[use]) })
  },
  read(answer: OCPP20.GetInstalledCertificateIdsResponse): ExecutionResult {
    return answer.status === 'NotFound' ? readAnswer(answer) : readStatus(answer)
  },
}

/** OCPP 2.0.1 §M04 */
export const deleteCertificate: OutboundAction = {
  kind: 'delete-certificate',
  compose({ certificate }: ParametersOf<'delete-certificate'>): OCPP20.DeleteCertificateRequest {
    return { certificateHashData: certificate }
  },
  read: readStatus,
}

/** OCPP 2.0.1 §A02: the certificate that it has asked for (SignCertificate). */
export const certificateSigned: OutboundAction = {
  kind: 'install-signed-certificate',
  compose({
    certificateChain,
    use,
  }: ParametersOf<'install-signed-certificate'>): OCPP20.CertificateSignedRequest {
    return compact({ certificateChain, certificateType: use && SIGNED_USE[use] })
  },
  read: readStatus,
}
