import type { ProtocolName } from './connection.ts'

/** 16 to 20 bytes. */
const KEY_IN_HEX = /^(?:[0-9a-f]{2}){16,20}$/i

/**
 * The key of OCPP 1.6 is bytes and is written as hexadecimal digits (security whitepaper, edition 2,
 * §2.3); that of 2.0.1 is text, whatever it looks like. Undefined: none is set.
 */
export function decodePassword(protocol: ProtocolName, text: string): string | Buffer | undefined {
  if (text === '') return undefined
  return protocol === 'ocpp1.6' && KEY_IN_HEX.test(text) ? Buffer.from(text, 'hex') : text
}

export interface Passwords {
  readonly byId: ReadonlyMap<string, string>
  /** Of those that have none of their own. */
  readonly other: string | undefined
}

/** `text`: lines of an id and a password, or of a password alone. */
export function readPasswords(password: string | undefined, text: string): Passwords {
  const byId = new Map<string, string>()
  let other = password
  for (const line of text.split('\n')) {
    const [first = '', second] = line.trim().split(/\s+/)
    if (second !== undefined) byId.set(first, second)
    else if (first !== '') other = first
  }
  return { byId, other }
}
