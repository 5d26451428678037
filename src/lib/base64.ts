const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Base64 as an encoder writes it (RFC 4648 §4), with its padding, so that bytes have one spelling.
 * `Buffer.from(text, 'base64')` never fails: it leaves out what it doesn't know, stops at the first `=`,
 * and takes the alphabet of URLs too.
 * @returns undefined: it is no such text
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !ALPHABET.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // The last group may hold bits that belong to no byte: they have to be 0.
  const tail = bytes.subarray(Math.max(0, text.length / 4 - 1) * 3)
  return tail.toString('base64') === text.slice(-4) ? bytes : undefined
}
