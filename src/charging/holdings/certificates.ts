import { X509Certificate } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { compact } from '../../lib/compact.ts'
import type { HoldingSelector } from '../../ports/charge-point-holdings.ts'
import type { CertificateHash } from '../command-parts.ts'
import { type EffectOf, joinKey, objectsIn, saysAccepted, textIn } from './effect.ts'

// A certificate's key is `{use}/{what it is known by}`: what the charge point calls it, if it has told
// that; until then, for one that we sent, its fingerprint. Its document has the same, and what we could
// read of the certificate.

const KIND = 'certificate'
const INSTALLED_USES = [
  'csms-root',
  'manufacturer-root',
  'v2g-root',
  'mo-root',
  'v2g-certificate-chain',
] as const

/** OCPP's words for them, of both versions. */
const USES: Readonly<Record<string, (typeof INSTALLED_USES)[number]>> = {
  CentralSystemRootCertificate: 'csms-root',
  CSMSRootCertificate: 'csms-root',
  ManufacturerRootCertificate: 'manufacturer-root',
  V2GRootCertificate: 'v2g-root',
  MORootCertificate: 'mo-root',
  V2GCertificateChain: 'v2g-certificate-chain',
}

export const certificateInstalled: EffectOf<'install-certificate'> = ({ parameters, answer }) => {
  if (!saysAccepted(answer)) return undefined
  return { put: [toSent(parameters.use, parameters.certificate)] }
}

/** One of its own: there is one of each use. */
export const ownCertificateInstalled: EffectOf<'install-signed-certificate'> = (command) => {
  const { parameters, answer } = command
  if (!saysAccepted(answer)) return undefined
  const { use = 'charging-station', certificateChain } = parameters
  const remove = [{ kind: KIND, prefix: usePrefix(use) }] as const
  return { remove, put: [toSent(use, certificateChain)] }
}

/** NotFound: it is not there, either. */
export const certificateDeleted: EffectOf<'delete-certificate'> = async (command, holdings) => {
  const { chargePointId, parameters, answer } = command
  if (!saysAccepted(answer) && answer['status'] !== 'NotFound') return undefined
  const held = await holdings.list({ chargePointId, kind: KIND, limit: CERTIFICATES_MAX })
  const those = held.filter(({ document }) => isOf(document, parameters.certificate))
  return { remove: those.map(({ kind, key }) => ({ kind, key })) }
}

/** All that it has of the uses that it was asked for. NotFound: none. */
export const certificatesTold: EffectOf<'get-installed-certificate-ids'> = async (
  command,
  holdings,
) => {
  const { chargePointId, parameters, answer } = command
  if (!saysAccepted(answer) && answer['status'] !== 'NotFound') return undefined
  const { uses = INSTALLED_USES } = parameters
  const held = await holdings.list({ chargePointId, kind: KIND, limit: CERTIFICATES_MAX })
  const put = readTold(answer, uses[0]).map(({ use, hash, children }) => {
    const known = held.find(({ document }) => document['use'] === use && isOf(document, hash))
    const document = { ...known?.document, ...compact({ use, hash: { ...hash }, children }) }
    return { kind: KIND, key: usePrefix(use) + hashKey(hash), document } as const
  })
  const remove = uses.map((use): HoldingSelector => ({ kind: KIND, prefix: usePrefix(use) }))
  return { remove, put }
}

/** More than any charge point keeps (OCPP 2.0.1 MaxCertificateChainSize and the like). */
const CERTIFICATES_MAX = 1000

function usePrefix(use: string): string {
  return `${joinKey(use)}/`
}

function hashKey({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertificateHash) {
  return joinKey(hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber).toLowerCase()
}

/** The first one of the text: its own, if there is a chain. */
function toSent(use: string, pem: string) {
  const about = describeCertificate(pem)
  const name = textIn(about['fingerprint']) ?? 'unreadable'
  return { kind: KIND, key: usePrefix(use) + joinKey(name), document: { use, ...about } } as const
}

/** Nothing, if it can't be read: the charge point has accepted it all the same. */
function describeCertificate(pem: string): JsonObject {
  try {
    const { subject, issuer, serialNumber, validFromDate, validToDate, fingerprint256 } =
      new X509Certificate(pem)
    return {
      ...{ subject, issuer, serialNumber, fingerprint: fingerprint256.replaceAll(':', '') },
      validFrom: validFromDate.toISOString(),
      validTo: validToDate.toISOString(),
    }
  } catch {
    return {}
  }
}

/** By its hash, if that is known; else by its number, which is all that we have of one that we sent. */
function isOf({ hash, serialNumber }: JsonObject, wanted: CertificateHash): boolean {
  if (isJsonObject(hash)) return hashKey(hash as unknown as CertificateHash) === hashKey(wanted)
  const own = textIn(serialNumber)
  return own !== undefined && plainHex(own) === plainHex(wanted.serialNumber)
}

function plainHex(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '')
}

interface ToldCertificate {
  readonly use: string
  readonly hash: CertificateHash
  /** Of a chain: those below it. */
  readonly children: Json[] | undefined
}

/** OCPP 1.6 lists hashes, of the use that it was asked for (§6.37); 2.0.1 chains with theirs (§M03). */
function readTold(answer: JsonObject, asked: string | undefined): ToldCertificate[] {
  const plain = objectsIn(answer['certificateHashData']).map((hash) => ({
    ...{ use: asked ?? '', children: undefined },
    hash: hash as unknown as CertificateHash,
  }))
  const chains = objectsIn(answer['certificateHashDataChain']).map((chain) => {
    const { certificateType, certificateHashData, childCertificateHashData } = chain
    return {
      use: USES[textIn(certificateType) ?? ''] ?? '',
      hash: certificateHashData as unknown as CertificateHash,
      children:
        childCertificateHashData === undefined ? undefined : objectsIn(childCertificateHashData),
    }
  })
  return [...plain, ...chains]
}
