import fc from 'fast-check'
import t from 'tap'
import { csvRows } from '../../src/domain/flatten-csv.ts'
import { messageLine, parseLine } from '../../src/domain/message-line.ts'

const AT = Date.parse('2026-03-01T10:00:00.123Z')
const RECEIVED = '"received_at":"2026-03-01T10:00:00.123Z"'
const line = (topic: string, payload: string | Uint8Array, receivedAt = AT) =>
  messageLine(topic, Buffer.from(payload), receivedAt).toString()

t.test('what the original’s rule writes, and when it was received', async (t) => {
  // README of SirNicholas1st/aws-iot-core-pipeline: its record, decoded.
  t.equal(
    line('iot-test-topic/asdasd', '{"message":"Hello, world!"}'),
    `{"topic":"iot-test-topic/asdasd",${RECEIVED},"message":"Hello, world!"}\n`,
  )
})

t.test('every message is one line, and comes back to the byte', async (t) => {
  const payloads = [
    '{}',
    ' {\n  "a": 1,\r\n "b": "x\\ny"\n}\n',
    '{"a":1}\n',
    '{ "a":1 }',
    ' {"a":1}',
    '{"a":1,\r"topic":"mine"}',
    '{ }',
    '{"topic":"mine","a":12345678901234567890}',
    '{"\\u0074opic":"mine"}',
    '{"payload_base64":5}',
    '{"payload_base64":"YQ=="}',
    '{"payload_base64":"YQ==","topic":"mine"}',
    '{"device_topic":"mine"}',
    '{"device_topic":"mine","topic":"other"}',
    '{"__proto__":{"a":1},"topic":1}',
    '{"received_at":5}',
    '{"device_received_at":5}',
    '{"device_received_at":5,"received_at":6}',
    '{"received_at":"a","topic":"b","device_topic":"c"}',
    '[1]',
    'null',
    'not json',
    '{"a":',
    '',
    Buffer.from([0xff, 0x00]),
  ]
  for (const payload of payloads) {
    const text = line('a/"b"', payload)
    t.equal(text.indexOf('\n'), text.length - 1, 'one line')
    const { topic } = JSON.parse(text)
    t.equal(topic, 'a/"b"')
    t.match(text, /^\{"topic":/, 'topic first')
    const back = parseLine(text)
    t.equal(back?.topic, 'a/"b"')
    t.equal(back?.receivedAt, AT)
    t.ok(back?.payload.equals(Buffer.from(payload)), payload.toString())
  }
})

t.test('what is odd comes back to the byte', async (t) => {
  const deep = `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`
  const payloads = [
    '{"n":12345678901234567890,"x":1.0,"y":1e999}',
    '{"a":1,"a":2}',
    `{"a":${deep}}`,
    `{"topic":"mine","a":${deep}}`,
    `{"device_topic":"mine"}`,
    `{"payload_base64":"YQ==","a":1}`,
    '{ "a": 1.0, "received_at" : "2026-03-01T09:00:00.000Z", "topic":\t"mine"}',
    '{"received_at":"2026-03-01T09:00:00.000Z"}',
    `{"received_at":"2026-03-01T09:00:00.000Z","a":${deep}}`,
    '{"a":{"received_at":1},"received_at":2}',
    '{"a":{"received_at":1,"device_received_at":2,"device_topic":3}}',
    '{"\\u0072eceived_at":1,"a":{"received_at":2}}',
    '{"\\u0072eceived_at":1,"a":"received_at"}',
    '{"received_at":"device_received_at"}',
    '{"received_at":"$& $1","topic":"received_at"}',
    '{"topic":1,"topic":2}',
  ]
  for (const payload of payloads) {
    const back = parseLine(line('t', payload))
    t.ok(back?.payload.equals(Buffer.from(payload)), payload.slice(0, 60))
  }
})

t.test('what a device calls as we do is a member by another name', async (t) => {
  t.equal(
    line('t', '{"a":1,"received_at":2,"topic":3}'),
    `{"topic":"t",${RECEIVED},"a":1,"device_received_at":2,"device_topic":3}\n`,
  )
  t.equal(line('t', '{}', Number.NaN), '{"topic":"t","received_at":"1970-01-01T00:00:00.000Z"}\n')
})

t.test('CSV of it: the time has a column, or is in the rest', async (t) => {
  const record = Buffer.from(line('t', '{"a":5}'))
  t.equal(csvRows(record, ['received_at', 'a']), '2026-03-01T10:00:00.123Z;5;"{""topic"":""t""}"\n')
  t.match(csvRows(record, ['a', 'topic']), /^5;t;"\{""received_at"":/)
  t.match(csvRows(Buffer.from(line('t', 'nonsense')), ['a']), { code: 'NotAJsonObject' })
  const spaced = Buffer.from(line('t', '{\n"a":5}\n'))
  t.equal(csvRows(spaced, ['topic', 'received_at', 'a']), 't;2026-03-01T10:00:00.123Z;5;\n')
})

t.test('lines of an earlier version: no time, and the same bytes', async (t) => {
  const payloads = [
    '{"topic":"mine","a":1.0}',
    '{"a":1,"received_at":"2026-03-01T09:00:00.000Z"}',
    '{"received_at":"yesterday"}',
    '{"received_at":5,"a":12345678901234567890}',
  ]
  for (const payload of payloads) {
    const members = payload.slice(1).replace(/^"topic"/, '"device_topic"')
    const back = parseLine(`{"topic":"t",${members}`)
    t.strictSame([back?.payload.toString(), back?.receivedAt], [payload, undefined])
  }
  const opaque = parseLine('{"topic":"t","payload_base64":"YQ=="}')
  t.strictSame([opaque?.payload.toString(), opaque?.receivedAt], ['a', undefined])
})

t.test('lines of a rule of AWS IoT, which are spaced otherwise', async (t) => {
  const back = parseLine('{"a" : 1, "topic" : "t"}')
  t.strictSame([back?.topic, back?.payload.toString()], ['t', '{"a":1}'])
})

t.test('any object, on several lines', async (t) => {
  const messages = fc.dictionary(fc.string(), fc.jsonValue())
  const comesBack = fc.property(fc.string(), messages, (topic, message) => {
    const text = JSON.stringify(message, null, 2)
    const back = parseLine(line(`t${topic}`, text))
    return back?.topic === `t${topic}` && back.payload.toString() === text
  })
  t.doesNotThrow(() => fc.assert(comesBack, { seed: 6 }))
})

t.test('lines that are none', async (t) => {
  for (const text of ['', 'x', '[]', 'null', '{}', '{"topic":5}', '{"topic":""}', '"topic"']) {
    t.equal(parseLine(text), undefined, text)
  }
})
