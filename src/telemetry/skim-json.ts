import { isAscii, isUtf8 } from 'node:buffer'
import type { Json, JsonObject } from '../domain/json.ts'

/**
 * Members of an object: a plain value to be read, an object of which members are, or one whose mere
 * presence is unusual. Keys are in lower case.
 */
export interface Wanted {
  readonly [key: string]: 'value' | 'unusual' | Wanted
}

export interface Skimmed {
  /** The wanted members that are there. */
  readonly document: JsonObject
  /** The whole message on one line, its keys in lower case, with what was to be inserted. */
  readonly text: string
}

/** Puts members at the start of one of the wanted top-level objects. */
export interface Insertion {
  readonly into: string
  /** ASCII, a comma behind each; called only where the object is there, with all that was read. */
  readonly members: (document: JsonObject) => string
}

const QUOTE = 0x22
const COMMA = 0x2c
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LETTER_E = 0x65
const LETTER_F = 0x66
const LETTER_N = 0x6e
const LETTER_T = 0x74
const LETTER_U = 0x75

const SIZE_MAX_BYTES = 65_536
const INSERTION_MAX_BYTES = 1024
const DEPTH_MAX = 16
/** Of all objects that are open at once. */
const KEYS_MAX = 256
/** An integer of so many digits, and its quotient by a power of ten up to 22, is the nearest double. */
const EXACT_DIGITS_MAX = 15
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, power) => 10 ** power)

/** What a byte of a string becomes in a key; 0: the string ends, or has to be looked at. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte >= 0x80 || byte === QUOTE || byte === BACKSLASH) return 0
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
})
/** The same in a value. */
const SAME = Uint8Array.from({ length: 256 }, (_, byte) => {
  return byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 0 : byte
})
const IS_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) => {
  return '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0
})
const HEX = /^[0-9a-fA-F]{4}$/

interface Member {
  readonly key: string
  readonly kind: 'value' | 'unusual' | Members
}

/** The members at the places that the hashes of their keys give. */
type Members = readonly (Member | undefined)[]

/** Thrown within: what follows is no JSON, or no plain JSON. */
const UNUSUAL = new Error('unusual')

/**
 * Makes a reader of a few members of JSON objects. One pass over the bytes lowers the keys and makes
 * objects only of what is wanted, for a quarter of what parsing all of it costs. It takes what is
 * plain: one line, keys of ASCII without escapes and none twice in an object, a few levels, wanted
 * values of the kind that is wanted. For all else, JSON or not, it returns undefined.
 */
export function createSkim(
  wanted: Wanted,
  insertion: Insertion,
): (payload: Uint8Array) => Skimmed | undefined {
  const members = compile(wanted)
  const skimmer = new Skimmer(insertion)
  return (payload) => {
    if (payload.length >= SIZE_MAX_BYTES) return undefined
    try {
      return skimmer.skim(payload, members)
    } catch (error) {
      if (error === UNUSUAL) return undefined
      throw error
    }
  }
}

function compile(wanted: Wanted): Members {
  for (let size = 8; ; size *= 2) {
    const members = place(wanted, size)
    if (members !== undefined) return members
  }
}

/** Undefined if two keys would have the same place. */
function place(wanted: Wanted, size: number): Members | undefined {
  const members = new Array<Member | undefined>(size).fill(undefined)
  for (const [key, kind] of Object.entries(wanted)) {
    const at = hashOf(key) & (size - 1)
    if (members[at] !== undefined) return undefined
    members[at] = { key, kind: typeof kind === 'string' ? kind : compile(kind) }
  }
  return members
}

function hashOf(key: string): number {
  return Buffer.from(key).reduce(addToHash, 0)
}

function addToHash(hash: number, byte: number): number {
  return ((hash << 5) - hash + byte) | 0
}

/** What objects would take for something else. */
const PROTO = hashOf('__proto__')

class Skimmer {
  readonly #insertion: Insertion
  readonly #buffer = Buffer.alloc(SIZE_MAX_BYTES + INSERTION_MAX_BYTES)
  readonly #bytes = new Uint8Array(this.#buffer.buffer)
  /** Of the keys of all open objects, the innermost object's last. */
  readonly #hashes = new Int32Array(KEYS_MAX)
  #hashCount = 0
  #at = 0
  #insertAt = 0
  #encoding: 'latin1' | 'utf8' = 'latin1'

  constructor(insertion: Insertion) {
    this.#insertion = insertion
  }

  /** @throws UNUSUAL */
  skim(payload: Uint8Array, members: Members): Skimmed {
    const size = payload.length
    this.#encoding = isAscii(payload) ? 'latin1' : 'utf8'
    if (this.#encoding === 'utf8' && !isUtf8(payload)) throw UNUSUAL
    this.#bytes.set(payload)
    // Nothing may have such a byte: every loop ends here.
    this.#bytes[size] = 0
    this.#hashCount = 0
    this.#at = 0
    this.#insertAt = 0
    if (this.#bytes[0] !== OPEN_BRACE) throw UNUSUAL
    const document = this.#object(members, 1)
    if (document === undefined || this.#at !== size) throw UNUSUAL
    return { document, text: this.#text(0, size + this.#insert(document, size)) }
  }

  /** Into the bytes, so that the text is made once and is whole. Returns how many bytes. */
  #insert(document: JsonObject, size: number): number {
    const at = this.#insertAt
    if (at === 0) return 0
    const members = this.#insertion.members(document)
    this.#bytes.copyWithin(at + members.length, at, size)
    return this.#buffer.write(members, at, 'latin1')
  }

  #text(start: number, end: number): string {
    return this.#buffer.toString(this.#encoding, start, end)
  }

  /** From its brace to behind the other; makes an object if members of it are wanted. */
  #object(members: Members | undefined, depth: number): JsonObject | undefined {
    if (depth > DEPTH_MAX) throw UNUSUAL
    const document: JsonObject | undefined = members === undefined ? undefined : {}
    const hashCount = this.#hashCount
    this.#at += 1
    if (this.#peek() === CLOSE_BRACE) {
      this.#at += 1
      return document
    }
    for (;;) {
      if (this.#peek() !== QUOTE) throw UNUSUAL
      const start = this.#at + 1
      const hash = this.#key(hashCount)
      const end = this.#at - 1
      if (this.#peek() !== COLON) throw UNUSUAL
      this.#at += 1
      const member = members?.[hash & (members.length - 1)]
      if (document === undefined || member === undefined || !this.#spells(member.key, start, end)) {
        this.#skip(depth)
      } else this.#take(document, member, depth)
      const byte = this.#peek()
      this.#at += 1
      if (byte === CLOSE_BRACE) break
      if (byte !== COMMA) throw UNUSUAL
    }
    this.#hashCount = hashCount
    return document
  }

  /** Lowers a key and returns its hash, which no other key of the object has. */
  #key(hashFrom: number): number {
    const bytes = this.#bytes
    let at = this.#at + 1
    let hash = 0
    for (let byte = LOWER[bytes[at] ?? 0] ?? 0; byte !== 0; byte = LOWER[bytes[at] ?? 0] ?? 0) {
      bytes[at] = byte
      hash = addToHash(hash, byte)
      at += 1
    }
    if (bytes[at] !== QUOTE || hash === PROTO) throw UNUSUAL
    this.#at = at + 1
    const hashes = this.#hashes
    const count = this.#hashCount
    if (count === KEYS_MAX) throw UNUSUAL
    for (let other = hashFrom; other < count; other += 1) {
      if (hashes[other] === hash) throw UNUSUAL
    }
    hashes[count] = hash
    this.#hashCount = count + 1
    return hash
  }

  #spells(word: string, start: number, end: number): boolean {
    if (end - start !== word.length) return false
    for (let index = 0; index < word.length; index += 1) {
      if (this.#bytes[start + index] !== word.charCodeAt(index)) return false
    }
    return true
  }

  #take(document: JsonObject, { key, kind }: Member, depth: number): void {
    const byte = this.#peek()
    if (kind === 'unusual') throw UNUSUAL
    if (kind === 'value' || byte !== OPEN_BRACE) {
      document[key] = this.#value(byte)
      return
    }
    if (depth === 1 && key === this.#insertion.into) this.#insertAt = this.#at + 1
    document[key] = this.#object(kind, depth + 1) as JsonObject
  }

  #value(byte: number): Json {
    if (byte === QUOTE) {
      const start = this.#at
      const isEscaped = this.#string()
      if (isEscaped) return JSON.parse(this.#text(start, this.#at))
      return this.#text(start + 1, this.#at - 1)
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) throw UNUSUAL
    return this.#numberOrWord(byte)
  }

  #skip(depth: number): void {
    const byte = this.#peek()
    if (byte === QUOTE) this.#string()
    else if (byte === OPEN_BRACE) this.#object(undefined, depth + 1)
    else if (byte === OPEN_BRACKET) this.#array(depth + 1)
    else this.#numberOrWord(byte)
  }

  #array(depth: number): void {
    if (depth > DEPTH_MAX) throw UNUSUAL
    this.#at += 1
    if (this.#peek() === CLOSE_BRACKET) {
      this.#at += 1
      return
    }
    for (;;) {
      this.#skip(depth)
      const byte = this.#peek()
      this.#at += 1
      if (byte === CLOSE_BRACKET) return
      if (byte !== COMMA) throw UNUSUAL
    }
  }

  /** Goes behind it and tells whether it has escapes. */
  #string(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    let isEscaped = false
    for (;;) {
      while (SAME[bytes[at] ?? 0] !== 0) at += 1
      if (bytes[at] === QUOTE) break
      at = this.#escape(at)
      isEscaped = true
    }
    this.#at = at + 1
    return isEscaped
  }

  #escape(at: number): number {
    const letter = this.#bytes[at + 1] ?? 0
    if (this.#bytes[at] !== BACKSLASH) throw UNUSUAL
    if (IS_ESCAPE[letter] === 1) return at + 2
    if (letter !== LETTER_U || !HEX.test(this.#text(at + 2, at + 6))) throw UNUSUAL
    return at + 6
  }

  #numberOrWord(byte: number): Json {
    if (byte === LETTER_T) return this.#word('true', true)
    if (byte === LETTER_F) return this.#word('false', false)
    if (byte === LETTER_N) return this.#word('null', null)
    return this.#number(byte)
  }

  #word(word: string, value: Json): Json {
    const end = this.#at + word.length
    if (!this.#spells(word, this.#at, end)) throw UNUSUAL
    this.#at = end
    return value
  }

  /** `-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?` */
  #number(byte: number): number {
    const bytes = this.#bytes
    const start = this.#at
    const isNegative = byte === MINUS
    const first = isNegative ? start + 1 : start
    const point = this.#digits(first)
    if (point - first > 1 && bytes[first] === ZERO) throw UNUSUAL
    const end = bytes[point] === DOT ? this.#digits(point + 1) : point
    this.#at = end
    const hasExponent = ((bytes[end] ?? 0) | 0x20) === LETTER_E
    if (hasExponent) {
      const sign = bytes[end + 1]
      this.#at = this.#digits(sign === PLUS || sign === MINUS ? end + 2 : end + 1)
    }
    if (hasExponent || end - first > EXACT_DIGITS_MAX) return Number(this.#text(start, this.#at))
    let digits = 0
    for (let at = first; at < end; at += 1) {
      if (at !== point) digits = digits * 10 + (bytes[at] ?? 0) - ZERO
    }
    const value = end === point ? digits : digits / (POWERS_OF_TEN[end - point - 1] ?? 1)
    return isNegative ? -value : value
  }

  /** Behind digits, of which there is at least one. */
  #digits(from: number): number {
    const bytes = this.#bytes
    let at = from
    let byte = bytes[at] ?? 0
    while (byte >= ZERO && byte <= NINE) {
      at += 1
      byte = bytes[at] ?? 0
    }
    if (at === from) throw UNUSUAL
    return at
  }

  /** The byte that is next but for blanks. */
  #peek(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at] ?? 0
    while (byte === 0x20 || byte === 0x09) {
      this.#at += 1
      byte = bytes[this.#at] ?? 0
    }
    return byte
  }
}
