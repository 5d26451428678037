/** Each call that a server may make, with what it is answered; the stub checks all by the schemas. */
export type Case = [action: string, payload: object, answer: object]

export const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'
export const PAST = '2020-01-01T00:00:00Z'
export const FUTURE = '2100-01-01T00:00:00Z'
export const HASH = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: 'ab',
  issuerKeyHash: 'cd',
  serialNumber: '01',
}
export const accepted = { status: 'Accepted' }
export const rejected = { status: 'Rejected' }
