import { isJsonObject } from '../domain/json.ts'

// What people see of frames: no keys and passwords, and of an id token only its last characters.

const SECRET = '***'
const TOKEN_CHARACTERS_SHOWN = 4

/** Configuration keys (1.6) and variables (2.0.1) whose value is a secret. */
const SECRET_NAMES = new Set(['authorizationkey', 'basicauthpassword'])
/** Where the value of such a variable stands: in answers, SetVariables, NotifyEvent. */
const VALUE_PROPERTIES = ['value', 'attributeValue', 'actualValue']
/** Properties that are secrets wherever they stand (2.0.1: SetNetworkProfile). */
const SECRET_PROPERTIES = new Set(['apnpassword', 'password', 'presharedkey', 'simpin'])
const TOKEN_PROPERTIES = new Set(['idtag', 'parentidtag', 'idtoken', 'additionalidtoken'])
/** Bounded, so that no text can make the search long. */
const USER_INFO = /([a-z][a-z\d+.-]{0,20}:\/\/)[^/@\s"]{1,300}@/gi
const TEXT_IN_BROKEN_TEXT =
  /("(?:idTag|parentIdTag|idToken|additionalIdToken|value|attributeValue|actualValue|apnPassword|password|preSharedKey|simPin|key)"\s*:\s*")(?:[^"\\]|\\.)*/gi
const NUMBER_IN_BROKEN_TEXT = /("(?:apnPassword|password|preSharedKey|simPin)"\s*:\s*)[\d.eE+-]+/gi

export function redactFrame(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, redactProperty))
  } catch {
    // Cut, or never JSON: rather too little than a secret.
    return text
      .replace(TEXT_IN_BROKEN_TEXT, `$1${SECRET}`)
      .replace(NUMBER_IN_BROKEN_TEXT, `$1"${SECRET}"`)
      .replace(USER_INFO, `$1${SECRET}@`)
  }
}

/** From the inside out, as `JSON.parse` revives. */
function redactProperty(name: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return redactObject(name, value)
  if (SECRET_PROPERTIES.has(name.toLowerCase())) return SECRET
  return typeof value === 'string' ? redactText(name.toLowerCase(), value) : value
}

function redactText(name: string, value: string): string {
  if (TOKEN_PROPERTIES.has(name)) return hideToken(value)
  return value.replace(USER_INFO, `$1${SECRET}@`)
}

function hideToken(token: string): string {
  const shown = token.length > 2 * TOKEN_CHARACTERS_SHOWN ? TOKEN_CHARACTERS_SHOWN : 0
  return `${SECRET}${shown === 0 ? '' : token.slice(-shown)}`
}

function redactObject(name: string, value: object): object {
  const { key, variable } = value as { key?: unknown; variable?: { name?: unknown } | null }
  if (isSecretName(key) || isSecretName(variable?.name)) return hideValues(value)
  // 2.0.1: `key` of a VPN is one, `key` of a configuration (1.6) isn't.
  if (name === 'vpn' && typeof key === 'string') return { ...value, key: SECRET }
  return value
}

/** Of a variable that is a secret; NotifyReport has one for each of its attributes. */
function hideValues(value: object): object {
  const hidden: Record<string, unknown> = { ...value }
  for (const property of VALUE_PROPERTIES) {
    if (Object.hasOwn(hidden, property)) hidden[property] = SECRET
  }
  const attributes = hidden['variableAttribute']
  if (Array.isArray(attributes)) {
    hidden['variableAttribute'] = attributes.map((one) =>
      isJsonObject(one) ? hideValues(one) : one,
    )
  }
  return hidden
}

function isSecretName(name: unknown): boolean {
  return typeof name === 'string' && SECRET_NAMES.has(name.toLowerCase())
}
