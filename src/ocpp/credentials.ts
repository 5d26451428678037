/** Of HTTP Basic. */
export interface Credentials {
  readonly user: string
  /** 16 to 20 bytes, which need not be text (OCPP security whitepaper §2.3, A00.FR.205). */
  readonly key: Buffer
}

const BASIC = /^basic +([a-z\d+/_-]+=*) *$/i
const COLON = 0x3a

/**
 * Undefined: none, or another scheme. The user ends at the first colon: ids have none, and the key may
 * have any byte.
 */
export function parseCredentials(header: string | undefined): Credentials | undefined {
  const encoded = header === undefined ? undefined : BASIC.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  const colon = bytes.indexOf(COLON)
  if (colon === -1) return undefined
  return { user: bytes.toString('utf8', 0, colon), key: bytes.subarray(colon + 1) }
}
