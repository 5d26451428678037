import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import { currentMapping, type Field, type Fields, historyMapping } from './mappings.ts'

export interface Fitted {
  /** What the mapping takes. */
  readonly fitted: JsonObject
  /** The rest, at the same places. */
  readonly displaced: JsonObject
}

const FIELDS: Readonly<Record<HistoryIndex | 'latest_telemetry', Fields>> = {
  latest_telemetry: currentMapping('latest_telemetry').properties,
  cardata: historyMapping('cardata').properties,
  trip: historyMapping('trip').properties,
  dtc: historyMapping('dtc').properties,
  event: historyMapping('event').properties,
  anomaly: historyMapping('anomaly').properties,
}

/**
 * OpenSearch refuses a whole document for an object where its mapping says number or text, for text
 * where it says object, for a flag that is none, and for names that it takes for paths. Vehicles may
 * send all of these; what doesn't fit is taken apart from what does.
 */
export function fitToMapping(
  document: JsonObject,
  index: HistoryIndex | 'latest_telemetry',
): Fitted {
  return fitObject(document, FIELDS[index])
}

function fitObject(document: JsonObject, fields: Fields): Fitted {
  const fitted: JsonObject = {}
  const displaced: JsonObject = {}
  for (const [name, value] of Object.entries(document)) {
    const isPath = name.trim() === '' || name.includes('.')
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (isPath || !fits(value, field)) define(displaced, name, value)
    else if (field?.properties !== undefined && isJsonObject(value)) {
      const inner = fitObject(value, field.properties)
      define(fitted, name, inner.fitted)
      if (Object.keys(inner.displaced).length > 0) define(displaced, name, inner.displaced)
    } else define(fitted, name, value)
  }
  return { fitted, displaced }
}

/** Of an object with members its kind only; they are looked at one by one. */
function fits(value: Json, field: Field | undefined): boolean {
  if (value === null || field === undefined || field.enabled === false) return true
  if (Array.isArray(value)) return value.every((item) => fitsInList(item, field))
  if (field.properties !== undefined) return isJsonObject(value)
  if (isJsonObject(value)) return false
  return field.type !== 'boolean' || typeof value === 'boolean'
}

function fitsInList(item: Json, field: Field): boolean {
  if (field.properties === undefined || !isJsonObject(item)) return fits(item, field)
  return Object.keys(fitObject(item, field.properties).displaced).length === 0
}

/** Also for a member called `__proto__`. */
function define(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}
