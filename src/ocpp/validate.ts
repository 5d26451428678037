import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
// Not the package itself: that one compiles every schema of three versions when it is loaded, which
// takes seconds and 250 MB.
import * as schemas16 from 'typed-ocpp/dist/ocpp16/schemas.js'
import * as schemas201 from 'typed-ocpp/dist/ocpp20/schemas.js'
import type { ProtocolVersion } from '../domain/charge-point.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Deviation, deviationOf, repair } from './leniency.ts'
import type { RpcError, RpcFault } from './rpc-error.ts'

export type Direction = 'Request' | 'Response'

/** Overlooked, because the charge point's settings say so. */
export interface Overlooked {
  readonly deviation: Deviation
  /** JSON pointer into the payload. */
  readonly path: string
}

export type Validation =
  | { readonly error: RpcError }
  | { readonly error?: undefined; readonly overlooked: readonly Overlooked[] }

export interface Validators {
  /** Whether this version has such an action at all. */
  has(action: string): boolean
  /** Changes the payload where `leniency` has something to mend, and only there. */
  check(
    direction: Direction,
    action: string,
    payload: object,
    leniency?: readonly string[],
  ): Validation
}

const SCHEMAS: Readonly<Record<ProtocolVersion, Readonly<Record<string, object>>>> = {
  '1.6': schemas16 as Readonly<Record<string, object>>,
  '2.0.1': schemas201 as Readonly<Record<string, object>>,
}

const FINE: Validation = { overlooked: [] }
/** What is mended may uncover something else; beyond this it is not worth it. */
const ROUNDS_MAX = 3
const SAID_MAX = 50

/** Validators of one version. Each is compiled when it is needed first: a hundred take seconds. */
export function createValidators(version: ProtocolVersion): Validators {
  const schemas = SCHEMAS[version]
  const quick = createCompiler(schemas, false)
  const thorough = createCompiler(schemas, true)
  return {
    has: (action) => Object.hasOwn(schemas, `${action}Request`),
    check(direction, action, payload, leniency = []) {
      const name = `${action}${direction}`
      const validate = quick(name)
      if (validate(payload)) return FINE
      const errors = validate.errors ?? []
      if (leniency.length === 0) return { error: describe(errors[0]) }
      return overlook(thorough(name), payload as JsonObject, leniency)
    },
  }
}

function createCompiler(schemas: Readonly<Record<string, object>>, allErrors: boolean) {
  // 21.4 is a multiple of 0.1 although 21.4 / 0.1 is 213.99999999999997 (1.6 errata: `limit`).
  const ajv = new Ajv({ strict: false, allErrors, verbose: allErrors, multipleOfPrecision: 6 })
  ajv.addFormat('date-time', { type: 'string', validate: isTimestamp })
  ajv.addFormat('uri', { type: 'string', validate: isUri })
  const compiled = new Map<string, ValidateFunction>()
  return (name: string): ValidateFunction => {
    let validate = compiled.get(name)
    if (validate === undefined) {
      const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
      if (schema === undefined) throw new Error(`there is no schema ${name}`)
      validate = ajv.compile(schema)
      compiled.set(name, validate)
    }
    return validate
  }
}

function overlook(
  validate: ValidateFunction,
  payload: JsonObject,
  leniency: readonly string[],
): Validation {
  const overlooked = new Map<string, Overlooked>()
  let errors: readonly ErrorObject[] = []
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    errors = validate(payload) ? [] : (validate.errors ?? [])
    let isMended = false
    for (const error of errors) {
      const deviation = deviationOf(error)
      const isAllowed = deviation !== undefined && leniency.includes(deviation)
      const outcome = isAllowed ? repair(payload, deviation, error) : 'impossible'
      if (!isAllowed || outcome === 'impossible') return { error: describe(error) }
      const path = error.instancePath
      if (overlooked.size < SAID_MAX) overlooked.set(`${deviation} ${path}`, { deviation, path })
      if (outcome === 'mended') isMended = true
    }
    if (!isMended) return { overlooked: [...overlooked.values()] }
  }
  return { error: describe(errors[0]) }
}

/** 1.6J §4.2.3, 2.0.1 part 4 §4.3: which constraint is violated, by the keyword of JSON Schema. */
const FAULTS: Readonly<Record<string, RpcFault>> = {
  additionalProperties: 'syntax',
  required: 'occurrence',
  minItems: 'occurrence',
  maxItems: 'occurrence',
  type: 'type',
}

function describe(error: ErrorObject | undefined): RpcError {
  if (error === undefined) return { fault: 'syntax', description: 'The payload is wrong' }
  const { keyword, instancePath, message = 'is wrong', params } = error
  const extra = keyword === 'additionalProperties' ? `: ${params['additionalProperty']}` : ''
  return {
    fault: FAULTS[keyword] ?? 'property',
    description: `${instancePath === '' ? 'The payload' : instancePath} ${message}${extra}`,
  }
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/** RFC 3339: with a zone. */
function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text))
}

/** Also without a host, as in `ftp://` paths of old stations; not without a scheme. */
function isUri(text: string): boolean {
  return URL.canParse(text)
}
