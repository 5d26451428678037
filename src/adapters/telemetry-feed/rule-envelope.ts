import { isJsonObject, type Json } from '../../domain/json.ts'
import { decodeBase64 } from '../../lib/base64.ts'

export interface Enveloped {
  readonly topic: string
  readonly payload: Uint8Array
}

/**
 * What an IoT rule puts around a device's message on its way through a queue. The rule's SQL:
 *
 *     SELECT encode(*, 'base64') AS payload, topic() AS topic FROM 'dt/cvra/+/cardata'
 *
 * It says `{"topic": "dt/cvra/ECU-1/cardata", "payload": "<base64>"}`, for payloads of any kind, byte
 * by byte: `encode(*)` takes the whole payload, whether it is JSON or not. The SQS action has
 * `useBase64: false`. `SELECT *, topic() AS topic` is no envelope: it writes into the message, fails
 * for what isn't JSON, and loses the payload of an asset event, which has a member of that name.
 *
 * Whoever fills the queue otherwise may send the payload as JSON: `{"topic": …, "payload": {…}}`;
 * a text is base64 all the same. Other members are ignored, except `encoding`, which must be "base64".
 *
 * https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html
 * https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html#iot-function-encode
 *
 * @returns undefined for a body that isn't such an envelope, or too deeply nested to be read as one
 */
export function openRuleEnvelope(body: string): Enveloped | undefined {
  const envelope = parse(body)
  if (!isJsonObject(envelope)) return undefined
  const { topic, payload, encoding } = envelope
  if (typeof topic !== 'string' || topic === '' || payload === undefined) return undefined
  if (encoding !== undefined && encoding !== null && encoding !== 'base64') return undefined
  const bytes = typeof payload === 'string' ? decodeBase64(payload) : encodeJson(payload)
  return bytes === undefined ? undefined : { topic, payload: bytes }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** undefined: nested deeper than the writer's stack is. The reader takes any depth. */
function encodeJson(value: Json): Uint8Array | undefined {
  try {
    return Buffer.from(JSON.stringify(value))
  } catch {
    return undefined
  }
}
