import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { isJsonObject } from '../../domain/json.ts'
import type { DeadLetter } from '../../ports/dead-letters.ts'

// An object of dead letters is NDJSON, so that a person or a query engine can read it without us.

/** Longer text is for machines: they have the base64. */
const TEXT_SIZE_MAX_BYTES = 4096
const NEW_LINE = 0x0a

/** Derived from topic and payload: the same message is the same letter. */
export function letterId({ topic, payload }: Pick<DeadLetter, 'topic' | 'payload'>): string {
  const hash = createHash('sha256').update(topic).update('\0').update(payload)
  return hash.digest('hex').slice(0, 32)
}

/** One line, with its end: `{"id":…,"topic":…,"reason":…,"receivedAt":ISO,"payload":base64,"text":…}` */
export function encodeLine(id: string, letter: DeadLetter): Buffer {
  const { topic, reason, receivedAt } = letter
  const payload = Buffer.from(
    letter.payload.buffer,
    letter.payload.byteOffset,
    letter.payload.byteLength,
  )
  const isText = payload.length <= TEXT_SIZE_MAX_BYTES && isUtf8(payload)
  const head = { id, topic, reason, receivedAt: new Date(receivedAt).toISOString() }
  const text = isText ? `,"text":${JSON.stringify(payload.toString('utf8'))}` : ''
  // Base64 needs no escaping, which would cost more than all the rest of a large line.
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head).slice(0, -1)},"payload":"`),
    Buffer.from(payload.toString('base64'), 'latin1'),
    Buffer.from(`"${text}}\n`),
  ])
}

/** Topic and payload of a letter as they came; undefined if that line is not this letter. */
export function decodeLine(
  line: Uint8Array | undefined,
  id: string,
): Pick<DeadLetter, 'topic' | 'payload'> | undefined {
  if (line === undefined) return undefined
  try {
    const letter: unknown = JSON.parse(Buffer.from(line).toString('utf8'))
    if (!isJsonObject(letter) || letter['id'] !== id) return undefined
    const { topic, payload } = letter
    if (typeof topic !== 'string' || typeof payload !== 'string') return undefined
    return { topic, payload: Buffer.from(payload, 'base64') }
  } catch {
    return undefined
  }
}

/** The lines with these numbers, from 0; without their ends. */
export function pickLines(body: Uint8Array, wanted: ReadonlySet<number>): Map<number, Uint8Array> {
  const lines = new Map<number, Uint8Array>()
  let start = 0
  for (let number = 0; lines.size < wanted.size && start < body.length; number += 1) {
    const found = body.indexOf(NEW_LINE, start)
    const end = found === -1 ? body.length : found
    if (wanted.has(number)) lines.set(number, body.subarray(start, end))
    start = end + 1
  }
  return lines
}
