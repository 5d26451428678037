/**
 * As an encoder writes it, with its padding; undefined: it is no base64. `Buffer.from` alone leaves out
 * what it doesn't know, and with it a part of the record.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  const isWhole = text.length % 4 === 0 && bytes.length === Buffer.byteLength(text, 'base64')
  return isWhole ? bytes : undefined
}
