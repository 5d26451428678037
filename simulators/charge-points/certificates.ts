import { createHash } from 'node:crypto'

/** Certificates are accepted by name: nothing is checked but that it looks like one. */

export interface CertificateHash {
  readonly hashAlgorithm: 'SHA256' | 'SHA384' | 'SHA512'
  readonly issuerNameHash: string
  readonly issuerKeyHash: string
  readonly serialNumber: string
}

const INSTALLED_MAX = 20

/** The certificates of a station, by the use that the server gave them. */
export class Certificates<Use extends string> {
  readonly #installed: { readonly use: Use; readonly hash: CertificateHash }[] = []

  install(use: Use, pem: string): 'Accepted' | 'Rejected' | 'Failed' {
    if (!looksLikeCertificate(pem)) return 'Rejected'
    if (this.#installed.length >= INSTALLED_MAX) return 'Failed'
    const hash = hashCertificate(pem)
    if (!this.#installed.some((other) => isSame(other.hash, hash))) {
      this.#installed.push({ use, hash })
    }
    return 'Accepted'
  }

  list(uses: readonly Use[] | undefined): { readonly use: Use; readonly hash: CertificateHash }[] {
    return this.#installed.filter(({ use }) => uses === undefined || uses.includes(use))
  }

  delete(hash: CertificateHash): 'Accepted' | 'NotFound' {
    const index = this.#installed.findIndex((other) => isSame(other.hash, hash))
    if (index < 0) return 'NotFound'
    this.#installed.splice(index, 1)
    return 'Accepted'
  }
}

export function looksLikeCertificate(pem: string): boolean {
  return pem.includes('-----BEGIN CERTIFICATE-----')
}

/** For SignCertificate: a server that only passes it on does not look inside. */
export const SAMPLE_CSR =
  '-----BEGIN CERTIFICATE REQUEST-----\nMIIBAjCBqAIBADBGMRQwEgYDVQQKDAtmbGVldC1ncmlkMQ==\n-----END CERTIFICATE REQUEST-----'

/** Stands for the fields of the certificate: other text, other hash. */
function hashCertificate(pem: string): CertificateHash {
  const digest = (part: string) => createHash('sha256').update(`${part}/${pem}`).digest('hex')
  return {
    hashAlgorithm: 'SHA256',
    issuerNameHash: digest('name'),
    issuerKeyHash: digest('key'),
    serialNumber: digest('serial').slice(0, 16),
  }
}

function isSame(one: CertificateHash, other: CertificateHash): boolean {
  return (
    one.serialNumber.toLowerCase() === other.serialNumber.toLowerCase() &&
    one.issuerKeyHash.toLowerCase() === other.issuerKeyHash.toLowerCase() &&
    one.issuerNameHash.toLowerCase() === other.issuerNameHash.toLowerCase()
  )
}
