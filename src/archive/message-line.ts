import { isUtf8 } from 'node:buffer'

// What the original's IoT rule writes: `SELECT topic() as topic, * FROM …` with a newline behind it.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html

const NEWLINES = /[\r\n]+/g
const HAS_TOPIC = /"(?:t|\\u0074)(?:o|\\u006f)(?:p|\\u0070)(?:i|\\u0069)(?:c|\\u0063)"/i

/**
 * A message as one line of NDJSON, its topic first. A JSON object stays as it was written, but for line
 * ends between its values; a `topic` of its own is called `device_topic` here. Anything else is base64.
 */
export function messageLine(topic: string, payload: Uint8Array): Buffer {
  const members = membersOf(payload)
  const first = `{"topic":${JSON.stringify(topic)}`
  if (members === undefined) {
    const base64 = Buffer.from(payload).toString('base64')
    return Buffer.from(`${first},"payload_base64":"${base64}"}\n`)
  }
  return Buffer.from(members === '' ? `${first}}\n` : `${first},${members}}\n`)
}

/** What is between the braces of a JSON object; undefined if it is none. */
function membersOf(payload: Uint8Array): string | undefined {
  if (!isUtf8(payload)) return undefined
  const text = Buffer.from(payload).toString('utf8').trim()
  if (!text.startsWith('{')) return undefined
  let document: Record<string, unknown>
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (HAS_TOPIC.test(text) && Object.hasOwn(document, 'topic')) {
    const { topic: deviceTopic, ...rest } = document
    return JSON.stringify({ device_topic: deviceTopic, ...rest }).slice(1, -1)
  }
  // JSON has line ends between values only: in texts they are escaped.
  return text.slice(1, -1).trim().replaceAll(NEWLINES, ' ')
}

/** A line of the archive → the message that it was; undefined if it is none. */
export function parseLine(line: string): { topic: string; payload: Buffer } | undefined {
  let document: unknown
  try {
    document = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined
  const { topic, ...rest } = document as Record<string, unknown>
  if (typeof topic !== 'string' || topic === '') return undefined
  const { payload_base64: base64, ...others } = rest
  if (typeof base64 === 'string' && Object.keys(others).length === 0) {
    return { topic, payload: Buffer.from(base64, 'base64') }
  }
  const { device_topic: deviceTopic, ...members } = rest
  const message = deviceTopic === undefined ? rest : { topic: deviceTopic, ...members }
  return { topic, payload: Buffer.from(JSON.stringify(message)) }
}
