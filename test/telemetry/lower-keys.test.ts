import fc from 'fast-check'
import t from 'tap'
import { writeCardata } from '../../src/telemetry/cardata-text.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { decodePayload, parseObject } from '../../src/telemetry/decode-payload.ts'
import { bytes, cardata } from '../helpers/messages.ts'

const SEED = 20_261_121
const sizeMaxBytes = 65_536

/** Result or reason, to compare two ways to decode. */
function outcome(decode: () => unknown): unknown {
  try {
    return { value: decode() }
  } catch (error) {
    return { reason: (error as Error).message }
  }
}

t.test('property: lowering in the text and rebuilding the object agree', async (t) => {
  const key = fc.oneof(
    fc.constantFrom(
      'VIN',
      'vin',
      'Vin',
      'GeoLocation',
      '__proto__',
      'constructor',
      'a:b',
      'Ä',
      'K\\"',
      '',
    ),
    fc.string({ maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double(),
      fc.constantFrom(null, true, '{"A":1}', '\\', '"'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  const text = fc
    .dictionary(key, tree, { maxKeys: 5 })
    .chain((object) => fc.constantFrom(JSON.stringify(object), JSON.stringify(object, null, 2)))
  fc.assert(
    fc.property(text, (json) => {
      const fast = outcome(() => decodePayload(Buffer.from(json), sizeMaxBytes).document)
      t.same(
        fast,
        outcome(() => parseObject(json, 'the message')),
        json,
      )
    }),
    { seed: SEED, numRuns: 3000 },
  )
})

t.test('values that look like keys stay as they are', async (t) => {
  const { document } = decodePayload(
    bytes({ A: 'B', 'C"': ['D', { E: 'F:G' }], H: '"I":' }),
    sizeMaxBytes,
  )
  t.same(document, { a: 'B', 'c"': ['D', { e: 'F:G' }], h: '"I":' })
})

const variants: [name: string, payload: Buffer][] = [
  ['as sent', bytes(cardata())],
  ['beyond ASCII', bytes(cardata({ Name: 'Straße', DriverID: '😀' }))],
  ['over several lines', Buffer.from(JSON.stringify(cardata(), null, 2))],
  ['a blank behind', Buffer.from(`${JSON.stringify(cardata())} `)],
  ['a lower-case VIN', bytes(cardata({ VIN: '5azyb53ixee10036' }))],
  ['a repaired number', bytes(cardata({ Fuel: '1.5' }))],
  [
    'a location of its own',
    bytes(cardata({ GeoLocation: { Latitude: 1, Longitude: 2, Location: 'x' } })),
  ],
  ['a text that looks like a position', bytes({ Note: '"geolocation":{', ...cardata() })],
  ['a position deeper down first', bytes({ Deep: { GeoLocation: { a: 1 } }, ...cardata() })],
  ['its own clockskewms', bytes(cardata({ ClockSkewMs: 'mine' }))],
]

for (const [name, payload] of variants) {
  t.test(`the stored text has the additions: ${name}`, async (t) => {
    const decoded = decodeMessage({
      family: 'cardata',
      payload,
      receivedAt: Date.now(),
      sizeMaxBytes,
    })
    if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('unusable')
    const { message } = decoded
    if (typeof message.position === 'string') throw new Error('no position')
    const additions = { position: message.position, members: { clockskewms: 5 } }
    const text = writeCardata(message, additions)
    t.same(JSON.parse(text), JSON.parse(writeCardata({ ...message, source: undefined }, additions)))
    t.notMatch(text, /[\r\n]/)
    t.match(text, /\}$/)
    t.match(JSON.parse(text), {
      vin: '5AZYB53IXEE10036',
      clockskewms: 5,
      geolocation: { location: [message.position.longitude, message.position.latitude] },
    })
  })
}
