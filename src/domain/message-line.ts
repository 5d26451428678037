import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonObject } from './json.ts'

// What the original's IoT rule writes, `SELECT topic() as topic, * FROM …` with a newline behind it, and
// when the message was received.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html

export interface ArchivedMessage {
  readonly topic: string
  readonly payload: Buffer
  /** Epoch milliseconds; undefined: its line doesn't say. */
  readonly receivedAt: number | undefined
}

const NEWLINES = /[\r\n]+/g
/** The bytes of a message that its members don't tell; one with such a member of its own is nothing else. */
const OPAQUE = 'payload_base64'
const RECEIVED_AT = 'received_at'
const TOPIC = { own: 'topic', renamed: 'device_topic' }
/** What a device has of our names, and how it is called here. */
const RENAMES = [TOPIC, { own: RECEIVED_AT, renamed: 'device_received_at' }]
/** Behind the topic of a line that says when; others have what a device wrote there. */
const RECEIVED = new RegExp(
  `^,"${RECEIVED_AT}":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)"`,
)
/** Of four digits is the year of such a time. */
const TIME_MAX = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * A message as one line of NDJSON: its topic, when it was received, and its members. A JSON object stays
 * as it was written; a `topic` or `received_at` of its own is called `device_topic` or `device_received_at`
 * here. One with line ends or blanks around it has its bytes behind its members: some messages are told
 * apart by nothing else. Anything else is base64.
 *
 * @param receivedAt epoch milliseconds; what is no time is written as 1970, which no reader believes
 */
export function messageLine(topic: string, payload: Uint8Array, receivedAt: number): Buffer {
  const text = isUtf8(payload) ? Buffer.from(payload).toString('utf8') : ''
  const members = membersOf(text)
  const isTime = receivedAt >= 0 && receivedAt <= TIME_MAX
  const time = new Date(isTime ? receivedAt : 0).toISOString()
  const first = `{"topic":${JSON.stringify(topic)},"${RECEIVED_AT}":"${time}"`
  const told = members === undefined || members === '' ? first : `${first},${members}`
  if (members !== undefined && isAsWritten(text, members)) return Buffer.from(`${told}}\n`)
  const base64 = Buffer.from(payload).toString('base64')
  return Buffer.from(`${told},"${OPAQUE}":"${base64}"}\n`)
}

/** It begins and ends with its braces, and has no line ends. */
function isAsWritten(text: string, members: string): boolean {
  if (members === '') return text === '{}'
  return text.startsWith('{') && text.endsWith('}') && !text.includes('\n') && !text.includes('\r')
}

/** What is between the braces of a JSON object; undefined if it is none, or none that can be told apart. */
function membersOf(written: string): string | undefined {
  let text = written.trim()
  const document = parseObject(text)
  if (document === undefined || Object.hasOwn(document, OPAQUE)) return undefined
  for (const { own, renamed } of RENAMES) {
    if (Object.hasOwn(document, renamed)) return undefined
    if (!Object.hasOwn(document, own)) continue
    const changed = renameMember(text, own, renamed)
    if (changed === undefined) return undefined
    text = changed
  }
  // JSON has line ends between values only: in texts they are escaped.
  const members = text.slice(1, -1).replaceAll(NEWLINES, ' ')
  return members.trim() === '' ? '' : members
}

/** Where it stands, so that all else keeps its bytes; undefined: there may be two that are meant. */
function renameMember(text: string, from: string, to: string): string | undefined {
  if (text.includes(`"${to}"`)) return undefined
  const [before = '', after, ...more] = text.split(`"${from}"`)
  if (after === undefined || more.length > 0) return undefined
  const renamed = `${before}"${to}"${after}`
  // It was perhaps one further in, or a value.
  const document = parseObject(renamed)
  const isMeant = document !== undefined && Object.hasOwn(document, to)
  return isMeant && !Object.hasOwn(document, from) ? renamed : undefined
}

/** A line of the archive → the message that it was; undefined if it is none. */
export function parseLine(line: string): ArchivedMessage | undefined {
  const document = parseObject(line)
  const topic = document?.['topic']
  if (document === undefined || typeof topic !== 'string' || topic === '') return undefined
  const first = `{"topic":${JSON.stringify(topic)}`
  const text = line.trim()
  const rest = text.startsWith(first) ? text.slice(first.length) : ''
  const [said = '', time = ''] = RECEIVED.exec(rest) ?? []
  const at = Date.parse(time)
  const receivedAt = Number.isNaN(at) ? undefined : at
  const base64 = receivedAt === undefined ? opaquePayload(document) : document[OPAQUE]
  if (typeof base64 === 'string')
    return { topic, payload: Buffer.from(base64, 'base64'), receivedAt }
  const message =
    receivedAt === undefined
      ? messageWithoutTime(rest, document)
      : messageOf(rest.slice(said.length), document)
  return message === undefined ? undefined : { topic, payload: Buffer.from(message), receivedAt }
}

/** Of a line whose message was no JSON object: its bytes, as base64; undefined: it has members. */
export function opaquePayload({
  topic: _topic,
  [RECEIVED_AT]: _receivedAt,
  [OPAQUE]: base64,
  ...others
}: Readonly<JsonObject>): string | undefined {
  return typeof base64 === 'string' && Object.keys(others).length === 0 ? base64 : undefined
}

/** What a line says, without the bytes that say the same. */
export function toldBy(document: Readonly<JsonObject>): Readonly<JsonObject> {
  if (document[OPAQUE] === undefined || document[RECEIVED_AT] === undefined) return document
  const { [OPAQUE]: _bytes, ...told } = document
  return told
}

/** As it was written, so that its numbers keep their digits. */
function messageOf(members: string, document: JsonObject): string {
  const named = RENAMES.filter(({ renamed }) => Object.hasOwn(document, renamed))
  return named.reduce(
    (text, { own, renamed }) => text.replace(`"${renamed}"`, () => `"${own}"`),
    `{${members.replace(/^,/, '')}`,
  )
}

/** Of a line of an earlier version, which has a `topic` of the device first; of somebody else's, what it says. */
function messageWithoutTime(rest: string, document: JsonObject): string | undefined {
  const renamed = `,"${TOPIC.renamed}":`
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
