import { publicError } from '../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'

// Passwords that are sent to charge points wait in the database like any command: sealed there, open
// only on their way, and never shown.

/** Variables whose value is the password of the charge point itself, in OCPP 1.6 and 2.0.1. */
const KEY_VARIABLES = new Set(['authorizationkey', 'basicauthpassword'])
const SECRET_MEMBERS = new Set(['password', 'presharedkey', 'sharedsecret', 'simpin', 'pin', 'key'])
const SEALED = 'sealed:'
/** OCPP 1.6 security whitepaper A00.FR.205: 16 to 20 bytes. */
const HEX_KEY = /^(?:[\da-f]{2}){16,20}$/i
/** OCPP 2.0.1 A00.FR.205 */
const PASSWORD = /^.{16,40}$/su

export function sealSecrets(parameters: JsonObject, keys: ChargePointKeys): JsonObject {
  return mapSecrets(parameters, (secret) => `${SEALED}${keys.seal(secret)}`)
}

export function openSecrets(parameters: JsonObject, keys: ChargePointKeys): JsonObject {
  return mapSecrets(parameters, (text) =>
    text.startsWith(SEALED) ? keys.unseal(text.slice(SEALED.length)) : text,
  )
}

export function hideSecrets(parameters: JsonObject): JsonObject {
  return mapSecrets(parameters, () => '***')
}

/**
 * Of parameters of `set-variables`. What is no password would be kept as another one than the charge
 * point takes it for: text that is no hex digits as an empty one, which anybody has.
 * @throws FleetgridError `invalid`
 */
export function checkNewKeys({ variables }: JsonObject): void {
  if (!Array.isArray(variables)) return
  for (const { name, value } of variables.filter(isJsonObject)) {
    if (!isKeyVariable(name) || typeof value !== 'string') continue
    if (isHexVariable(name)) {
      if (!HEX_KEY.test(value)) throw publicError('invalid', `${name} is 32 to 40 hex digits`)
    } else if (!PASSWORD.test(value)) throw publicError('invalid', `${name} is 16 to 40 characters`)
  }
}

/**
 * The bytes by which the charge point proves itself from now on, if these parameters of
 * `set-variables` were accepted. OCPP 1.6 writes them as hex digits (security whitepaper §2.3).
 */
export function newKeyIn({ variables }: JsonObject): Buffer | undefined {
  if (!Array.isArray(variables)) return undefined
  const own = variables.filter(isJsonObject).findLast(({ name }) => isKeyVariable(name))
  if (own === undefined || typeof own['value'] !== 'string') return undefined
  return Buffer.from(own['value'], isHexVariable(own['name']) ? 'hex' : 'utf8')
}

function isHexVariable(name: Json | undefined): boolean {
  return String(name).toLowerCase() === 'authorizationkey'
}

function isKeyVariable(name: Json | undefined): boolean {
  return typeof name === 'string' && KEY_VARIABLES.has(name.toLowerCase())
}

function mapSecrets(object: JsonObject, map: (secret: string) => string): JsonObject {
  const isKey = isKeyVariable(object['name'])
  const entries = Object.entries(object).map(([name, value]): [string, Json] => {
    const isSecret = (isKey && name === 'value') || SECRET_MEMBERS.has(name.toLowerCase())
    if (isSecret && typeof value === 'string') return [name, map(value)]
    return [name, mapNested(value, map)]
  })
  return Object.fromEntries(entries)
}

function mapNested(value: Json, map: (secret: string) => string): Json {
  if (Array.isArray(value)) return value.map((one) => mapNested(one, map))
  return isJsonObject(value) ? mapSecrets(value, map) : value
}
