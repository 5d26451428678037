import { IsObject, type TObject } from 'typebox'
import type { JsonObject } from '../domain/json.ts'
import { readPosition } from '../domain/position.ts'
import { parseTimestamp } from '../domain/time.ts'
import { normalizeVin } from '../domain/vin.ts'
import { ADDED_MEMBERS } from '../ports/fleet-index.ts'
import { locationMember } from './cardata-text.ts'
import { createShapeCheck, repairNumber } from './check-shape.ts'
import { Unusable } from './decode-payload.ts'
import { contentId, type Envelope } from './envelope.ts'
import type { CardataMessage, Message, VehicleMessage } from './messages.ts'
import * as schemas from './schemas.ts'
import { createSkim, type Wanted } from './skim-json.ts'

// What vehicles themselves send (reference §1.1–1.4).

const checkCardata = createShapeCheck(schemas.CardataMessage, [
  'speed.max',
  'speed.average',
  'odometer.metres',
  'odometer.tripodometer',
  'throttle.max',
  'throttle.average',
  'fuel',
  'oiltemp',
  'fuelinfo.currenttripconsumption',
  'fuelinfo.tankcapacity',
])

/** Never make a message unusable, so the shape check doesn't look at them. */
const POSITION_PATHS = ['latitude', 'longitude', 'altitude', 'heading', 'speed'].map((key) => [
  'geolocation',
  key,
])

/** What is read of cardata, which is what its schema names, and what it seldom has of ours. */
const skim = createSkim(
  {
    ...wantedOf(schemas.CardataMessage),
    geolocation: {
      ...{ latitude: 'value', longitude: 'value', altitude: 'value', heading: 'value' },
      ...{ speed: 'value', location: 'unusual' },
    },
    ...Object.fromEntries(ADDED_MEMBERS.map((name) => [name, 'unusual' as const])),
    ...{ clockskewms: 'unusual', positionfault: 'unusual' },
  },
  {
    into: 'geolocation',
    members: (document) => locationMember(readPosition(document['geolocation'])),
  },
)

function wantedOf({ properties }: TObject): Wanted {
  const wanted = Object.entries(properties).map(([key, schema]): [string, Wanted[string]] => [
    key,
    IsObject(schema) ? wantedOf(schema) : 'value',
  ])
  return Object.fromEntries(wanted)
}

/**
 * Cardata that can be stored as it came, as nearly all can: its text is read once and never parsed.
 * Undefined where the whole document has to be looked at.
 * @throws Unusable
 */
export function skimCardata(envelope: Envelope): CardataMessage | undefined {
  const skimmed = skim(envelope.payload)
  if (skimmed === undefined) return undefined
  const { document, text } = skimmed
  const vinAsSent = document['vin']
  const message = readCardata(document, envelope, text)
  return message.repairs === 0 && message.vin === vinAsSent ? message : undefined
}

export function decodeCardata(document: JsonObject, envelope: Envelope): Message {
  return readCardata(document, envelope, undefined)
}

function readCardata(
  document: JsonObject,
  envelope: Envelope,
  text: string | undefined,
): CardataMessage {
  const { value, repairs } = checkCardata(document)
  let repaired = repairs
  for (const path of POSITION_PATHS) repaired += repairNumber(document, path)
  const { vin, sentAt, id, stamp } = readHeader(value, envelope)
  return {
    kind: 'cardata',
    vin,
    sentAt,
    id,
    stamp,
    document,
    repairs: repaired,
    text,
    tripId: readTripId(value.tripid),
    position: readPosition(document['geolocation']),
    oilTemperatureF: value.oiltemp ?? undefined,
  }
}

const checkTrip = createShapeCheck(schemas.TripMessage, [
  'tripsummary.duration',
  'tripsummary.distance',
  'tripsummary.fuel',
  'tripsummary.startlocation.latitude',
  'tripsummary.startlocation.longitude',
  'tripsummary.endlocation.latitude',
  'tripsummary.endlocation.longitude',
])

export function decodeTrip(document: JsonObject, envelope: Envelope): Message {
  const { value, repairs } = checkTrip(document)
  const tripId = readTripId(value.tripid) ?? ''
  return { kind: 'trip', ...readHeader(value, envelope), repairs, tripId }
}

const checkDtc = createShapeCheck(schemas.DtcMessage, [])

/**
 * A code in a message is raised, or still there when `changed` is "false". Cleared is one code
 * with `cleared`, or all of them with an empty code.
 */
export function decodeDtc(document: JsonObject, envelope: Envelope): Message {
  const { value, repairs } = checkDtc(document)
  const { code, cleared } = value.dtc
  const isCleared = code === '' || cleared === true || String(cleared).toLowerCase() === 'true'
  return {
    kind: 'dtc',
    ...readHeader(value, envelope),
    repairs,
    code: code === '' ? undefined : code,
    raises: !isCleared,
  }
}

const checkEvent = createShapeCheck(schemas.EventMessage, [])

export function decodeEvent(document: JsonObject, envelope: Envelope): Message {
  const { value, repairs } = checkEvent(document)
  return { kind: 'event', ...readHeader(value, envelope), repairs }
}

/** @throws Unusable for text that no index can hold as a key */
function readTripId(tripId: string | null | undefined): string | undefined {
  if (tripId === null || tripId === undefined || tripId === '') return undefined
  if (!tripId.isWellFormed() || tripId.includes('\0'))
    throw new Unusable('tripid is not plain text')
  return tripId
}

type Header = Pick<VehicleMessage, 'vin' | 'sentAt' | 'id' | 'stamp' | 'document'>

function readHeader(
  document: JsonObject & { vin: string; sendtimestamp: string; messageid?: unknown },
  envelope: Envelope,
): Header {
  const vin = normalizeVin(document.vin)
  if (vin === undefined) throw new Unusable('vin is not a vehicle identification number')
  document.vin = vin
  const sentAt = parseTimestamp(document.sendtimestamp)
  if (sentAt === undefined) throw new Unusable('sendtimestamp is not an ISO 8601 time')
  const id = messageId(document.messageid, envelope.payload)
  const at = Math.min(sentAt, envelope.receivedAt)
  return { vin, sentAt, id, stamp: { at, id }, document }
}

const PLAIN_ID = /^[\x20-\x7e]{1,200}$/

/**
 * The sender's own id and one made from the bytes: only the same message twice has the same id.
 * Senders build theirs from vehicle and time, which two messages of one millisecond share.
 */
function messageId(id: unknown, payload: Uint8Array): string {
  const content = contentId(payload)
  return typeof id === 'string' && PLAIN_ID.test(id) ? `${id}~${content}` : content
}
