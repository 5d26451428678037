import { hash } from 'node:crypto'

/**
 * Of a namespace, UUIDs of version 5 (RFC 9562 §5.5): the same name has the same one each time.
 * @param namespace its UUID
 * @returns takes a name, one byte a character
 */
export function createUuidV5(namespace: string): (name: string) => string {
  const prefix = Buffer.from(namespace.replaceAll('-', ''), 'hex').toString('latin1')
  return (name) => {
    // One byte a character spares the copy.
    const digest = hash('sha1', Buffer.from(prefix + name, 'latin1'), 'hex')
    const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16)
    return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  }
}
