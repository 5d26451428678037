import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../src/domain/json.ts'
import { ADDED_MEMBERS } from '../../src/ports/fleet-index.ts'
import { writeCardata } from '../../src/telemetry/cardata-text.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { parseObject } from '../../src/telemetry/decode-payload.ts'
import { CardataMessage } from '../../src/telemetry/schemas.ts'
import { createSkim, type Wanted } from '../../src/telemetry/skim-json.ts'
import { bytes, cardata } from '../helpers/messages.ts'
import { createRandom } from '../helpers/random.ts'

const SEED = 20_261_121
const sizeMaxBytes = 65_536

const wanted: Wanted = {
  a: 'value',
  vin: 'value',
  inner: { a: 'value', b: 'value', deep: { a: 'value' } },
  never: 'unusual',
}
const skim = createSkim(wanted, { into: 'inner', members: () => '' })

/** What should be read of a document. */
function pick(document: JsonObject, members: Wanted): JsonObject {
  const picked: JsonObject = {}
  for (const [key, value] of Object.entries(document)) {
    const kind = Object.hasOwn(members, key) ? members[key] : undefined
    if (kind === undefined) continue
    picked[key] =
      typeof kind === 'object' && typeof value === 'object' && value !== null
        ? pick(value as JsonObject, kind)
        : value
  }
  return picked
}

/** Undefined if it was left to the slower way; otherwise whether both say the same. */
function agrees(json: string | Buffer): boolean | undefined {
  const skimmed = skim(Buffer.from(json as string))
  if (skimmed === undefined) return undefined
  const { text } = skimmed
  const whole = parseObject(json.toString('utf8'), 'the message')
  return (
    isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(whole))) &&
    isDeepStrictEqual(skimmed.document, pick(whole, wanted)) &&
    !/[\r\n]/.test(text)
  )
}

const key = fc.oneof(
  fc.constantFrom('VIN', 'vin', 'a', 'A', 'inner', 'Inner', 'deep', 'Never', '__proto__'),
  fc.constantFrom('constructor', 'a:b', 'Ä', 'K\\"', ''),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.constantFrom(null, true, false, -0, '{"A":1}', '\\', '"', '\u2028', '\ud800'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}))
const text = fc
  .dictionary(key, tree, { maxKeys: 5 })
  .chain((object) => fc.constantFrom(JSON.stringify(object), JSON.stringify(object, null, ' ')))

t.test('property: what is read in passing is what parsing finds', async (t) => {
  let taken = 0
  const check = (json: string): boolean => {
    const outcome = agrees(json)
    if (outcome === true) taken += 1
    return outcome !== false
  }
  fc.assert(fc.property(text, check), { seed: SEED, numRuns: 5000 })
  t.ok(taken > 500, `${taken} were plain enough`)
})

t.test('property: nothing is taken that is no JSON', async (t) => {
  const random = createRandom(SEED)
  const pick = (count: number): number => Math.floor(random() * count)
  const source = Buffer.from(
    '{"A":-1.50e+3,"b":[1,{"c":"\\u00e4\\n"},[],true],"Inner":{"b":0.25,"deep":{}, "x":null},"n":false}',
  )
  t.equal(agrees(source), true)
  const letters = '{}[]",:\\0123456789.-+eEtfnu \t\n\u00e9a'
  for (let round = 0; round < 50_000; round += 1) {
    const at = pick(source.length)
    const letter = Buffer.from(letters[pick(letters.length)] ?? '')
    const end = at + pick(3)
    const mutated = Buffer.concat([source.subarray(0, at), letter, source.subarray(end)])
    let outcome: boolean | undefined
    try {
      outcome = agrees(mutated)
    } catch {
      outcome = false
    }
    if (outcome === false) t.fail(mutated.toString('utf8'))
  }
})

const left: [name: string, json: string][] = [
  ['nothing', ''],
  ['an array', '[]'],
  ['a text', '"a"'],
  ['two objects', '{}{}'],
  ['a blank behind', '{} '],
  ['several lines', '{\n}'],
  ['a key twice', '{"b":1,"b":2}'],
  ['a key in two spellings, deep inside', '{"x":[{"B":1,"b":2}]}'],
  ['a key beyond ASCII', '{"Ä":1}'],
  ['a key with an escape', '{"\\u0061":1}'],
  ['__proto__', '{"x":{"__proto__":1}}'],
  ['an object where a value is wanted', '{"a":{}}'],
  ['what is unusual', '{"never":1}'],
  ['half an escape', '{"b":"\\u00'],
  ['an unknown escape', '{"b":"\\x"}'],
  ['a control character', '{"b":"\u0001"}'],
  ['not UTF-8', '\xff'],
  ['deep nesting', `{"b":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['many keys', JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [n, n])))],
  ['too large', JSON.stringify({ b: 'x'.repeat(70_000) })],
]

t.test('what is left to the slower way', async (t) => {
  for (const [name, json] of left) {
    t.equal(skim(Buffer.from(json, name === 'not UTF-8' ? 'latin1' : 'utf8')), undefined, name)
  }
})

t.test('values that look like keys stay as they are', async (t) => {
  const skimmed = skim(bytes({ A: 'B":', C: ['D', { E: 'F:G' }], H: '{"I":' }))
  t.same(skimmed?.document, { a: 'B":' })
  t.equal(skimmed?.text, '{"a":"B\\":","c":["D",{"e":"F:G"}],"h":"{\\"I\\":"}')
})

const variants: [name: string, payload: Buffer, isSkimmed: boolean][] = [
  ['as sent', bytes(cardata()), true],
  ['beyond ASCII', bytes(cardata({ Name: 'Straße', DriverID: '😀' })), true],
  ['over several lines', Buffer.from(JSON.stringify(cardata(), null, 2)), false],
  ['a blank behind', Buffer.from(`${JSON.stringify(cardata())} `), false],
  ['a lower-case VIN', bytes(cardata({ VIN: '5azyb53ixee10036' })), false],
  ['a repaired number', bytes(cardata({ Fuel: '1.5' })), false],
  [
    'a location of its own',
    bytes(cardata({ GeoLocation: { Latitude: 1, Longitude: 2, Location: 'x' } })),
    false,
  ],
  ['a text that looks like a position', bytes({ Note: '"geolocation":{', ...cardata() }), true],
  ['a position deeper down first', bytes({ Deep: { GeoLocation: { a: 1 } }, ...cardata() }), true],
  ['its own clockskewms', bytes(cardata({ ClockSkewMs: 'mine' })), false],
  ...ADDED_MEMBERS.map((name): (typeof variants)[number] => [
    `its own ${name}`,
    bytes(cardata({ [name.toUpperCase()]: {} })),
    false,
  ]),
]

for (const [name, payload, isSkimmed] of variants) {
  t.test(`the stored text has the additions: ${name}`, async (t) => {
    const receivedAt = Date.now()
    const decoded = decodeMessage({ family: 'cardata', payload, receivedAt, sizeMaxBytes })
    if (!decoded.usable || decoded.message?.kind !== 'cardata') throw new Error('unusable')
    const { message } = decoded
    t.equal(message.text !== undefined, isSkimmed)
    if (typeof message.position === 'string') throw new Error('no position')
    const { position } = message
    const members = { clockskewms: 5 }
    const text = writeCardata(message, members)
    const document = parseObject(payload.toString('utf8'), 'the message')
    document['vin'] = message.vin
    if (name === 'a repaired number') document['fuel'] = 1.5
    const slowly = writeCardata({ ...message, text: undefined, document }, members)
    t.same(JSON.parse(text), JSON.parse(slowly))
    t.notMatch(text, /[\r\n]/)
    t.match(text, /\}$/)
    t.match(JSON.parse(text), {
      vin: '5AZYB53IXEE10036',
      clockskewms: 5,
      geolocation: { location: [position.longitude, position.latitude] },
    })
  })
}

/** Of every member that a schema names, the keys that lead to it. */
function pathsOf(schema: object): string[][] {
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, object>> }
  return Object.entries(properties).flatMap(([key, member]) => [
    [key],
    ...pathsOf(member).map((path) => [key, ...path]),
  ])
}

function lowered(message: object): JsonObject {
  return parseObject(JSON.stringify(message), 'the message')
}

/** What is wrong with a message; undefined if nothing is. */
function faultOf(json: string): string | undefined {
  const payload = Buffer.from(json)
  const decoded = decodeMessage({
    family: 'cardata',
    payload,
    receivedAt: Date.now(),
    sizeMaxBytes,
  })
  return decoded.usable ? undefined : decoded.reason
}

t.test('in passing nothing gets through that the schema refuses', async (t) => {
  const paths = pathsOf(CardataMessage)
  t.ok(paths.length > 15)
  const refused = new Set<string>()
  for (const path of paths) {
    for (const value of [true, 'x'.repeat(5000), 7]) {
      const message = lowered(cardata())
      const parents = path.slice(0, -1)
      const parent = parents.reduce((at, key) => {
        at[key] ??= {}
        return at[key] as JsonObject
      }, message)
      parent[path.at(-1) ?? ''] = value
      const whole = faultOf(JSON.stringify(message, null, 2))
      t.equal(faultOf(JSON.stringify(message)), whole, `${path.join('.')}: ${typeof value}`)
      if (whole !== undefined) refused.add(path.join('.'))
    }
  }
  // Of these nothing is demanded.
  t.equal(refused.size, paths.length - ['messageid', 'geolocation'].length)
})
