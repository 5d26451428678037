import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { printable, Unusable } from './decode-payload.ts'

// DynamoDB writes each value with its type: {"vin": {"S": "…"}, "value": {"N": "295.8"}}. Keys come
// lower-cased here. Depth is bounded by decodePayload.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html

/** @throws Unusable naming the attribute that has no type, or a value that isn't of it */
export function plainItem(image: JsonObject, path: string): JsonObject {
  const item: JsonObject = {}
  for (const [name, value] of Object.entries(image)) {
    item[name] = plainValue(value, `${path}.${printable(name)}`)
  }
  return item
}

function plainValue(typed: Json, path: string): Json {
  const entries = isJsonObject(typed) ? Object.entries(typed) : []
  const [entry] = entries
  if (entry === undefined || entries.length > 1) {
    throw new Unusable(`${path} must have exactly one type, as in {"S": "text"}`)
  }
  const [type, value] = entry
  switch (type) {
    case 's':
    case 'b': // base64, and stays so
      return text(value, type, path)
    case 'n':
      return number(value, path)
    case 'bool':
      if (typeof value !== 'boolean') throw wrong(type, 'true or false', path)
      return value
    case 'null':
      return null
    case 'm':
      if (!isJsonObject(value)) throw wrong(type, 'an object', path)
      return plainItem(value, path)
    case 'l':
      return list(value, type, path).map((item, index) => plainValue(item, `${path}[${index}]`))
    case 'ss':
    case 'bs':
      return list(value, type, path).map((item) => text(item, type, path))
    case 'ns':
      return list(value, type, path).map((item) => number(item, path))
    default:
      throw new Unusable(`${path} has the type "${printable(type)}", which DynamoDB doesn't know`)
  }
}

function text(value: Json, type: string, path: string): string {
  if (typeof value !== 'string') throw wrong(type, 'text', path)
  return value
}

function list(value: Json, type: string, path: string): Json[] {
  if (!Array.isArray(value)) throw wrong(type, 'an array', path)
  return value
}

/** Numbers are text there, of up to 38 digits; here they become the nearest double. */
function number(value: Json, path: string): number {
  const isText = typeof value === 'string' && value.trim() === value && value !== ''
  const parsed = isText ? Number(value) : Number.NaN
  if (!Number.isFinite(parsed)) throw wrong('n', 'a number as text', path)
  return parsed
}

function wrong(type: string, expected: string, path: string): Unusable {
  return new Unusable(`${path} of the type ${type.toUpperCase()} is not ${expected}`)
}
