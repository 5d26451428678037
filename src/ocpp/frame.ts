import { isJsonObject, type JsonObject } from '../domain/json.ts'

// OCPP-J frames (1.6J §4.2, 2.0.1 part 4 §4.2): text in, one of a few shapes out; nothing is thrown.

export interface CallFrame {
  readonly kind: 'call'
  readonly id: string
  readonly action: string
  readonly payload: JsonObject
}

export interface ResultFrame {
  readonly kind: 'result'
  readonly id: string
  readonly payload: JsonObject
}

export interface ErrorFrame {
  readonly kind: 'error'
  readonly id: string
  readonly code: string
  readonly description: string
}

/** Not usable. */
export interface FaultyFrame {
  readonly kind: 'faulty'
  readonly fault: FrameFault
  /** Of whom the sender waits for an answer, or whose answer this is; undefined: can't be read. */
  readonly id: string | undefined
  /** It is an answer, and answers are never answered. */
  readonly isAnswer: boolean
  /** For people, at most 255 characters. */
  readonly description: string
}

export type FrameFault =
  | 'not-json'
  | 'not-an-array'
  | 'too-deep'
  | 'message-type'
  | 'id'
  | 'id-too-long'
  | 'element-count'
  | 'payload'

/** `empty`: stations send them to keep a connection open. */
export type Frame = CallFrame | ResultFrame | ErrorFrame | FaultyFrame | { readonly kind: 'empty' }

const CALL = 2
const CALL_RESULT = 3
const CALL_ERROR = 4
/** OCPP 2.1: an answer, too. */
const CALL_RESULT_ERROR = 5

/** OCPP 1.6J §4.1.4, 2.0.1 part 4 §4.1.4. */
const ID_LENGTH_MAX = 36
/** An id that is too long is still given back, so that its sender sees what is meant. */
const ID_LENGTH_RETURNED_MAX = 255
const DEPTH_MAX = 32
/** OCPP 2.0.1 part 4 §4.2.3. */
const DESCRIPTION_LENGTH_MAX = 255
const EMPTY = { kind: 'empty' } as const

export function parseFrame(text: string): Frame {
  if (isDeeperThan(text, DEPTH_MAX)) return faulty('too-deep', `nested deeper than ${DEPTH_MAX}`)
  let elements: unknown
  try {
    elements = JSON.parse(text)
  } catch {
    return text.trim() === '' ? EMPTY : faulty('not-json', 'The message is no JSON')
  }
  if (!Array.isArray(elements)) return faulty('not-an-array', 'The message is no JSON array')
  switch (elements[0]) {
    case CALL:
      return parseCall(elements)
    case CALL_RESULT:
      return parseResult(elements)
    case CALL_ERROR:
      return parseError(elements)
    default:
      return parseUnknown(elements)
  }
}

function parseCall(elements: readonly unknown[]): Frame {
  const [, id, action, payload] = elements
  if (typeof id !== 'string' || id === '') {
    return faulty('id', 'The second element must be the id, a string')
  }
  if (id.length > ID_LENGTH_MAX) {
    const returned = id.length > ID_LENGTH_RETURNED_MAX ? undefined : id
    return faulty('id-too-long', `The id has more than ${ID_LENGTH_MAX} characters`, returned)
  }
  if (elements.length !== 4 || typeof action !== 'string') {
    return faulty('element-count', 'A call is [2, id, action, payload]', id)
  }
  // `null` is sent by stations that have nothing to say.
  const body = payload === null ? {} : payload
  if (!isJsonObject(body)) return faulty('payload', 'The payload must be a JSON object', id)
  return { kind: 'call', id, action, payload: body }
}

function parseResult(elements: readonly unknown[]): Frame {
  const [, id, payload] = elements
  if (typeof id !== 'string') return faultyAnswer('id', 'The answer has no id')
  const body = payload === null ? {} : payload
  if (elements.length !== 3 || !isJsonObject(body)) {
    return faultyAnswer('payload', 'The answer is not [3, id, payload]', id)
  }
  return { kind: 'result', id, payload: body }
}

/** Whatever it has of a description and details: that it is an error is what counts. */
function parseError(elements: readonly unknown[]): Frame {
  const [, id, code, description] = elements
  if (typeof id !== 'string') return faultyAnswer('id', 'The error has no id')
  if (typeof code !== 'string') return faultyAnswer('payload', 'The error has no code', id)
  const text = typeof description === 'string' ? description : ''
  // Both end up in a command's outcome and in log lines.
  return { kind: 'error', id, code: cut(code), description: cut(text) }
}

function cut(text: string): string {
  return text.slice(0, DESCRIPTION_LENGTH_MAX)
}

function parseUnknown([type, id]: readonly unknown[]): Frame {
  if (type === CALL_RESULT_ERROR) return faultyAnswer('message-type', 'Message type 5 is unknown')
  const known = typeof id === 'string' && id.length <= ID_LENGTH_RETURNED_MAX ? id : undefined
  return faulty('message-type', 'The first element must be 2, 3 or 4', known)
}

function faulty(fault: FrameFault, description: string, id?: string): FaultyFrame {
  return { kind: 'faulty', fault, id, isAnswer: false, description }
}

function faultyAnswer(fault: FrameFault, description: string, id?: string): FaultyFrame {
  return { kind: 'faulty', fault, id, isAnswer: true, description }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `{` and `}`; `[` and `]` differ from them in one bit. */
const OPENING = 0x7b
const CLOSING = 0x7d
const BRACKET_BIT = 0x20

/** Before parsing, so that nothing that comes later has to fear the depth of what it walks through. */
function isDeeperThan(text: string, max: number): boolean {
  // Each level takes two characters at least.
  if (text.length <= 2 * max) return false
  let depth = 0
  let isInString = false
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index)
    if (isInString) {
      if (char === BACKSLASH) index += 1
      else if (char === QUOTE) isInString = false
    } else if (char === QUOTE) isInString = true
    else if ((char | BRACKET_BIT) === OPENING) {
      depth += 1
      if (depth > max) return true
    } else if ((char | BRACKET_BIT) === CLOSING) depth -= 1
  }
  return false
}

export function renderCall(id: string, action: string, payload: object): string {
  return JSON.stringify([CALL, id, action, payload])
}

export function renderResult(id: string, payload: object): string {
  return JSON.stringify([CALL_RESULT, id, payload])
}

/** Five elements, always (1.6J §4.2.3). */
export function renderError(id: string, code: string, description: string): string {
  return JSON.stringify([CALL_ERROR, id, code, cut(description), {}])
}
