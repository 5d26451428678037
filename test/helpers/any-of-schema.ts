import fc from 'fast-check'

/** As far as the schemas of OCPP and of our parameters go. */
interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly multipleOf?: number
  readonly format?: string
  readonly definitions?: Readonly<Record<string, Schema>>
}

const ITEMS_MAX = 3
const INT32_MAX = 2_147_483_647
const LENGTH_MAX = 60

/** Anything that a schema lets through: also the least, and texts as long as they may be. */
export function anyOf(root: object): fc.Arbitrary<any> {
  const { definitions = {} } = root as Schema
  const of = (schema: Schema): fc.Arbitrary<unknown> => {
    if (schema.$ref !== undefined) return of(definitions[schema.$ref.split('/').at(-1) ?? ''] ?? {})
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
    switch (schema.type) {
      case 'object':
        return anyObject(schema, of)
      case 'array': {
        const { minItems = 0, maxItems = ITEMS_MAX } = schema
        const maxLength = Math.min(maxItems, Math.max(minItems, ITEMS_MAX))
        return fc.array(of(schema.items ?? {}), { minLength: minItems, maxLength })
      }
      case 'string':
        return anyText(schema)
      case 'integer':
        return fc.integer({ min: schema.minimum ?? -INT32_MAX, max: schema.maximum ?? INT32_MAX })
      case 'number':
        return anyNumber(schema)
      case 'boolean':
        return fc.boolean()
      default:
        return fc.jsonValue()
    }
  }
  return of(root as Schema)
}

function anyObject(
  { properties = {}, required = [] }: Schema,
  of: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, of(schema)]),
  )
  const needed = Object.fromEntries(required.map((name) => [name, fields[name] ?? fc.jsonValue()]))
  const options = { requiredKeys: [...required], noNullPrototype: true }
  return fc.oneof(fc.record(fields, options), fc.record(needed, { noNullPrototype: true }))
}

function anyText({ format, minLength = 0, maxLength = LENGTH_MAX }: Schema): fc.Arbitrary<string> {
  if (format === 'uri') return fc.webUrl()
  if (format === 'date-time') {
    const min = new Date('0001-01-01T00:00:00Z')
    const max = new Date('9999-12-31T23:59:59Z')
    return fc.date({ min, max, noInvalidDate: true }).map((date) => date.toISOString())
  }
  const short = fc.string({
    minLength,
    maxLength: Math.min(maxLength, LENGTH_MAX),
    unit: 'grapheme-ascii',
  })
  const number = fc.oneof(fc.integer({ min: 0 }), fc.double()).map(String)
  return fc.oneof(
    { weight: 5, arbitrary: short },
    { weight: 1, arbitrary: number.map((text) => text.slice(0, maxLength)) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
  )
}

function anyNumber({ minimum = -1e6, maximum = 1e6, multipleOf }: Schema): fc.Arbitrary<number> {
  const tenths = fc
    .integer({ min: Math.ceil(minimum * 10), max: Math.floor(maximum * 10) })
    .map((tenth) => tenth / 10)
  if (multipleOf !== undefined) return tenths
  return fc.oneof(tenths, fc.double({ min: minimum, max: maximum, noNaN: true }))
}
