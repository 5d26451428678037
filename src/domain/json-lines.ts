import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonObject } from './json.ts'

export interface JsonLine {
  /** Without its line end. */
  readonly text: string
  readonly document: Readonly<JsonObject>
}

/** Why a record can't be used. */
export interface RecordFault {
  readonly code: 'NotUtf8' | 'NotAJsonObject' | 'NestedTooDeeply'
  readonly message: string
}

const NOT_UTF8: RecordFault = { code: 'NotUtf8', message: 'it is not valid UTF-8' }
const NO_OBJECT: RecordFault = {
  code: 'NotAJsonObject',
  message: 'one of its lines is not a JSON object',
}

/** Numbers that lose digits as what JavaScript calls a number. */
const LONG_NUMBER = /\d{16}|\d[eE]\+?\d{3}/

/** A record may hold several lines: an IoT rule with `batchMode` makes such. One that is wrong spoils it. */
export function readJsonLines(record: Uint8Array): readonly JsonLine[] | RecordFault {
  if (!isUtf8(record)) return NOT_UTF8
  const lines: JsonLine[] = []
  for (const part of Buffer.from(record).toString('utf8').split('\n')) {
    const text = part.trim()
    if (text === '') continue
    const document = parse(text)
    if (!isJsonObject(document)) return NO_OBJECT
    lines.push({ text, document })
  }
  return lines
}

/** undefined: it is no JSON. */
function parse(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A number beyond 2^53, such as a time in nanoseconds, becomes the text that it was. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isLarge = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
  return isLarge ? (context?.source ?? value) : value
}
