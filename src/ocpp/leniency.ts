import type { ErrorObject } from 'ajv'
import type { Leniency } from '../domain/charge-point.ts'
import type { JsonObject } from '../domain/json.ts'

// Charge points in the field say things that are slightly wrong and can't be changed any more. For each
// such habit an operator can allow it, for one charge point; every time it is overlooked is counted.

export type Deviation = Leniency

const WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/

/** Which deviation the error of a schema is; undefined: none that can be overlooked. */
export function deviationOf({ keyword, params, data }: ErrorObject): Deviation | undefined {
  if (data === null) return keyword === 'type' || keyword === 'enum' ? 'null-values' : undefined
  switch (keyword) {
    case 'additionalProperties':
      return 'extra-properties'
    case 'maxLength':
      return 'long-strings'
    case 'enum':
      return typeof data === 'string' ? 'unknown-enum-values' : undefined
    case 'format': {
      const isWithoutZone = params['format'] === 'date-time' && WITHOUT_ZONE.test(String(data))
      return isWithoutZone ? 'timestamps-without-zone' : undefined
    }
    default:
      return undefined
  }
}

/**
 * Makes the payload what the schema says, as far as a deviation can be mended.
 * mended: validate again, it may have hidden something; kept: handlers get it as it is.
 */
export function repair(
  payload: JsonObject,
  deviation: Deviation,
  { instancePath, params, data }: ErrorObject,
): 'mended' | 'kept' | 'impossible' {
  const path = pathOf(instancePath)
  switch (deviation) {
    case 'long-strings':
    case 'unknown-enum-values':
      return 'kept'
    case 'extra-properties':
      Reflect.deleteProperty(valueAt(payload, path), String(params['additionalProperty']))
      return 'mended'
    case 'null-values':
      return removeValue(payload, path)
    case 'timestamps-without-zone':
      Reflect.set(valueAt(payload, path.slice(0, -1)), path.at(-1) ?? '', `${data}Z`)
      return 'mended'
  }
}

function removeValue(payload: JsonObject, path: readonly string[]): 'mended' | 'impossible' {
  const parent = valueAt(payload, path.slice(0, -1))
  if (Array.isArray(parent)) return 'impossible'
  Reflect.deleteProperty(parent, path.at(-1) ?? '')
  return 'mended'
}

/** RFC 6901. */
function pathOf(pointer: string): string[] {
  const [, ...tokens] = pointer.split('/')
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(payload: object, path: readonly string[]): object {
  let value: object = payload
  for (const key of path) value = Reflect.get(value, key)
  return value
}
