import { isUtf8 } from 'node:buffer'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'

/** Deepest nesting of a message; the original's deepest has 4. */
export const DEPTH_MAX = 32

/** A message that can't be used, with the reason for the person who reads the dead letter. */
export class Unusable extends Error {}

/** @throws Unusable */
export function requireSize(payload: Uint8Array, sizeMaxBytes: number): void {
  if (payload.length <= sizeMaxBytes) return
  throw new Unusable(`larger than ${sizeMaxBytes} bytes: ${payload.length}`)
}

/**
 * Bytes → JSON object whose keys are lower-cased at every level; values are untouched.
 * @throws Unusable
 */
export function decodePayload(payload: Uint8Array): JsonObject {
  if (!isUtf8(payload)) throw new Unusable('not valid UTF-8')
  return parseObject(Buffer.from(payload).toString('utf8'), 'the message')
}

/** @throws Unusable */
export function parseObject(text: string, what: string): JsonObject {
  const value = parse(text, what)
  if (!isJsonObject(value)) throw new Unusable(`${what} is not a JSON object`)
  return lowerObject(value, 1)
}

function parse(text: string, what: string): Json {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The engine's message can quote the payload: keep it short.
    throw new Unusable(`${what} is not JSON: ${(error as Error).message.slice(0, 120)}`)
  }
}

function lowerValue(value: Json, depth: number): Json {
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEPTH_MAX) throw new Unusable(`nested deeper than ${DEPTH_MAX} levels`)
  if (!Array.isArray(value)) return lowerObject(value, depth)
  for (const [index, item] of value.entries()) {
    if (typeof item === 'object') value[index] = lowerValue(item, depth + 1)
  }
  return value
}

function lowerObject(object: JsonObject, depth: number): JsonObject {
  const lowered: JsonObject = {}
  for (const key in object) {
    const lower = key.toLowerCase()
    const value = object[key] as Json
    if (lower in lowered) {
      if (lower === '__proto__') throw new Unusable('the key __proto__ is not allowed')
      // Inherited names such as "constructor" are ordinary keys; only our own are a clash.
      if (Object.hasOwn(lowered, lower)) {
        throw new Unusable(`the key "${printable(lower)}" comes twice in different spellings`)
      }
    }
    lowered[lower] =
      typeof value === 'object' && value !== null ? lowerValue(value, depth + 1) : value
  }
  return lowered
}

export function printable(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
