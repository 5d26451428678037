/** What one pass over the bytes of a JSON text found. */
export interface LoweredText {
  /** The same JSON with every key in lower case. */
  readonly text: string
  /** Keys in all objects together; fewer after parsing means that two were spelled alike. */
  readonly keyCount: number
  readonly depth: number
  /** Where the top-level member `geolocation` opens its object in the text; -1 if it can't be told. */
  readonly geolocationAt: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const PROTO = '__proto__'
const GEOLOCATION = 'geolocation'

/**
 * Lowers the keys in the text itself, so that parsing gives the finished object instead of
 * one that has to be rebuilt. Undefined where bytes are not enough to tell (escapes or
 * letters beyond ASCII in a key, a key `__proto__`): then the object has to be rebuilt.
 * The bytes need not be JSON; what is wrong with them stays wrong.
 */
export function lowerKeysInText(payload: Uint8Array): LoweredText | undefined {
  const bytes = Buffer.from(payload)
  let keyCount = 0
  let geolocationAt = -1
  let depth = 0
  let deepest = 0
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte === QUOTE) {
      const start = index + 1
      index = endOfString(bytes, start)
      const colon = skipSpace(bytes, index + 1)
      if (bytes[colon] !== COLON) continue
      if (!lowerAscii(bytes, start, index) || spells(bytes, start, index, PROTO)) return undefined
      keyCount += 1
      if (depth === 1 && spells(bytes, start, index, GEOLOCATION)) {
        const value = skipSpace(bytes, colon + 1)
        if (bytes[value] === OPEN_BRACE) geolocationAt = value
      }
    } else if (byte === OPEN_BRACE || byte === 0x5b) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1
    }
  }
  const text = bytes.toString('utf8')
  // Beyond ASCII, places in the bytes are not places in the text.
  if (text.length !== bytes.length) geolocationAt = -1
  return { text, keyCount, depth: deepest, geolocationAt }
}

/** Index of the closing quote, or of the end of the bytes. */
function endOfString(bytes: Uint8Array, start: number): number {
  let index = start
  while (index < bytes.length && bytes[index] !== QUOTE) {
    index += bytes[index] === BACKSLASH ? 2 : 1
  }
  return index
}

/** JSON allows four kinds of white space. */
function skipSpace(bytes: Uint8Array, start: number): number {
  let index = start
  while (isSpace(bytes[index])) index += 1
  return index
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function lowerAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte >= 0x41 && byte <= 0x5a) bytes[index] = byte | 0x20
    else if (byte >= 0x80 || byte === BACKSLASH) return false
  }
  return true
}

function spells(bytes: Buffer, start: number, end: number, key: string): boolean {
  return (
    end - start === key.length &&
    bytes[start] === key.charCodeAt(0) &&
    bytes.toString('latin1', start, end) === key
  )
}

/** Keys of a parsed value, in all its objects together. */
export function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    count += 1
    const child = object[key]
    if (typeof child === 'object') count += countKeys(child)
  }
  return count
}
