import type { JsonObject } from '../domain/json.ts'
import { decodeAnomaly } from './decode-anomaly.ts'
import { decodePayload, requireSize, Unusable } from './decode-payload.ts'
import { decodeDeviceEvent, decodeGroupEvent, decodeJobExecution } from './decode-platform.ts'
import { decodeCardata, decodeDtc, decodeEvent, decodeTrip, skimCardata } from './decode-vehicle.ts'
import type { Envelope } from './envelope.ts'
import type { Decoded, Message } from './messages.ts'
import { decodeRuleError, RULE_ERROR_SIZE_MAX_BYTES, RuleError } from './rule-error.ts'
import type { TopicFamily } from './topics.ts'

/** A message, or why there is nothing in it for us. Throws Unusable. */
type Decode = (document: JsonObject, envelope: Envelope) => Message | string

const decoders: Record<TopicFamily, Decode> = {
  cardata: decodeCardata,
  trip: decodeTrip,
  dtc: decodeDtc,
  event: decodeEvent,
  'device-event': decodeDeviceEvent,
  'group-event': decodeGroupEvent,
  'job-execution': decodeJobExecution,
  'anomaly-record': decodeAnomaly,
  'rule-error': decodeRuleError,
}

/** Pure: bytes of one topic family → a typed message, or the reason why there is none. */
export function decodeMessage(envelope: Envelope): Decoded {
  try {
    const { family, payload } = envelope
    requireSize(payload, sizeMaxBytes(envelope))
    const skimmed = family === 'cardata' ? skimCardata(envelope) : undefined
    const message = skimmed ?? decoders[family](decodePayload(payload), envelope)
    if (typeof message === 'string') return { usable: true, message: undefined, ignored: message }
    return { usable: true, message }
  } catch (error) {
    if (error instanceof RuleError) {
      return { usable: false, reason: error.message, original: error.original }
    }
    if (error instanceof Unusable) return { usable: false, reason: error.message }
    throw error
  }
}

/** A rule error holds another message, in base64. */
function sizeMaxBytes({ family, sizeMaxBytes }: Envelope): number {
  return family === 'rule-error' ? RULE_ERROR_SIZE_MAX_BYTES : sizeMaxBytes
}
