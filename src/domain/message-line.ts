import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonObject } from './json.ts'

// What the original's IoT rule writes: `SELECT topic() as topic, * FROM …` with a newline behind it.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html

const NEWLINES = /[\r\n]+/g
/** Members with a meaning of ours: a message with one of its own is kept as base64, and comes back so. */
const OPAQUE = 'payload_base64'
const RENAMED = 'device_topic'

/**
 * A message as one line of NDJSON, its topic first. A JSON object stays as it was written, but for line
 * ends between its values; a `topic` of its own is called `device_topic` here. Anything else is base64.
 */
export function messageLine(topic: string, payload: Uint8Array): Buffer {
  const members = membersOf(payload)
  const first = `{"topic":${JSON.stringify(topic)}`
  if (members === undefined) {
    const base64 = Buffer.from(payload).toString('base64')
    return Buffer.from(`${first},"${OPAQUE}":"${base64}"}\n`)
  }
  return Buffer.from(members === '' ? `${first}}\n` : `${first},${members}}\n`)
}

/** What is between the braces of a JSON object; undefined if it is none. */
function membersOf(payload: Uint8Array): string | undefined {
  if (!isUtf8(payload)) return undefined
  const text = Buffer.from(payload).toString('utf8').trim()
  const document = parseObject(text)
  if (document === undefined) return undefined
  if (Object.hasOwn(document, OPAQUE) || Object.hasOwn(document, RENAMED)) return undefined
  if (Object.hasOwn(document, 'topic')) {
    const { topic, ...rest } = document
    return stringify({ [RENAMED]: topic, ...rest } as JsonObject)?.slice(1, -1)
  }
  // JSON has line ends between values only: in texts they are escaped.
  return text.slice(1, -1).trim().replaceAll(NEWLINES, ' ')
}

/** A line of the archive → the message that it was; undefined if it is none. */
export function parseLine(line: string): { topic: string; payload: Buffer } | undefined {
  const document = parseObject(line)
  const topic = document?.['topic']
  if (document === undefined || typeof topic !== 'string' || topic === '') return undefined
  const base64 = opaquePayload(document)
  if (base64 !== undefined) return { topic, payload: Buffer.from(base64, 'base64') }
  const message = messageOf(line.trim(), topic, document)
  return message === undefined ? undefined : { topic, payload: Buffer.from(message) }
}

/** Of a line whose message was no JSON object: its bytes, as base64; undefined: it was one. */
export function opaquePayload({
  topic: _topic,
  [OPAQUE]: base64,
  ...others
}: Readonly<JsonObject>): string | undefined {
  return typeof base64 === 'string' && Object.keys(others).length === 0 ? base64 : undefined
}

/** As it was written, so that its numbers keep their digits; of somebody else's line, what it says. */
function messageOf(line: string, topic: string, document: JsonObject): string | undefined {
  const first = `{"topic":${JSON.stringify(topic)}`
  const rest = line.startsWith(first) ? line.slice(first.length) : ''
  const renamed = `,"${RENAMED}":`
  if (rest.startsWith(renamed)) return `{"topic":${rest.slice(renamed.length)}`
  if (rest.startsWith(',')) return `{${rest.slice(1)}`
  const { topic: _topic, ...members } = document
  return stringify(members)
}

function parseObject(text: string): JsonObject | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const document: unknown = JSON.parse(text)
    return isJsonObject(document) ? document : undefined
  } catch {
    return undefined
  }
}

/** undefined: it is nested so deeply that it can be read and not be written. */
function stringify(document: JsonObject): string | undefined {
  try {
    return JSON.stringify(document)
  } catch {
    return undefined
  }
}
