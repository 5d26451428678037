/** What Ajv (Fastify) and TypeBox both say of a value that doesn't fit its schema. */
export interface ValidationFault {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string | undefined
  readonly params: Readonly<Record<string, unknown>>
}

export interface FieldError {
  readonly field: string
  readonly message: string
}

const FIELD_LENGTH_MAX = 100
const FIELDS_MAX = 20

/**
 * Faults → fields as a caller writes them, such as `filters.boundaries[0]`. `root` names the value
 * itself.
 */
export function describeFaults(faults: readonly ValidationFault[], root: string): FieldError[] {
  const byField = new Map<string, string[]>()
  for (const fault of faults) {
    // The faults of the branches say more than "no branch fits"; "schema is false" says nothing.
    if (fault.keyword === 'anyOf' || fault.keyword === 'boolean') continue
    for (const { field, message } of describeFault(fault, root)) {
      if (!byField.has(field) && byField.size === FIELDS_MAX) break
      const messages = byField.get(field) ?? []
      if (!messages.includes(message)) byField.set(field, [...messages, message])
    }
  }
  return [...byField].map(([field, messages]) => ({ field, message: messages.join(' or ') }))
}

function describeFault(fault: ValidationFault, root: string): FieldError[] {
  const { keyword, instancePath, params, message = 'is wrong' } = fault
  const inside = (name: unknown): string => fieldName(`${instancePath}/${String(name)}`, root)
  if (keyword === 'additionalProperties') {
    const names = params['additionalProperties'] ?? params['additionalProperty']
    const known = Array.isArray(names) ? names : [names]
    return known.map((name) => ({ field: inside(name), message: 'is not known here' }))
  }
  if (keyword === 'required') {
    const names = params['requiredProperties'] ?? params['missingProperty']
    const missing = Array.isArray(names) ? names : [names]
    return missing.map((name) => ({ field: inside(name), message: 'is missing' }))
  }
  if (keyword === 'discriminator') {
    const field = fieldName(`${instancePath}/${String(params['tag'])}`, root)
    return [{ field, message: 'is missing, or none of those in the API document (/docs)' }]
  }
  const allowed = params['allowedValues']
  if (keyword === 'enum' && Array.isArray(allowed)) {
    const field = fieldName(instancePath, root)
    return [{ field, message: `must be one of ${allowed.join(', ')}` }]
  }
  const field = fieldName(instancePath, root)
  if (keyword === 'format' && params['format'] === 'date-time') {
    return [{ field, message: 'must be a time with its zone, such as 2026-11-21T10:00:00Z' }]
  }
  // In a query everything is text, unless it comes more than once.
  const isRepeated = root === 'querystring' && keyword === 'type' && params['type'] === 'string'
  return [{ field, message: isRepeated ? 'must be given once' : message }]
}

/** JSON pointer → `a.b[0]`. */
function fieldName(pointer: string, root: string): string {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
  return (path === '' ? root : path).slice(0, FIELD_LENGTH_MAX)
}
