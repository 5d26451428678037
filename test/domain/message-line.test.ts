import fc from 'fast-check'
import t from 'tap'
import { messageLine, parseLine } from '../../src/domain/message-line.ts'

const line = (topic: string, payload: string | Uint8Array) =>
  messageLine(topic, Buffer.from(payload)).toString()

t.test('what the original’s rule writes', async (t) => {
  // README of SirNicholas1st/aws-iot-core-pipeline: its record, decoded.
  t.equal(
    line('iot-test-topic/asdasd', '{"message":"Hello, world!"}'),
    '{"topic":"iot-test-topic/asdasd","message":"Hello, world!"}\n',
  )
})

t.test('every message is one line, and comes back as it meant', async (t) => {
  const payloads = [
    '{}',
    ' {\n  "a": 1,\r\n "b": "x\\ny"\n}\n',
    '{"topic":"mine","a":12345678901234567890}',
    '{"\\u0074opic":"mine"}',
    '{"payload_base64":5}',
    '{"payload_base64":"YQ=="}',
    '{"payload_base64":"YQ==","topic":"mine"}',
    '{"device_topic":"mine"}',
    '{"device_topic":"mine","topic":"other"}',
    '{"__proto__":{"a":1},"topic":1}',
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
    const given = Buffer.from(payload)
    try {
      const meant = JSON.parse(given.toString())
      if (typeof meant !== 'object' || meant === null || Array.isArray(meant)) throw new Error()
      t.strictSame(JSON.parse(back?.payload.toString() ?? ''), meant, given.toString())
    } catch {
      t.ok(back?.payload.equals(given), given.toString())
    }
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
  ]
  for (const payload of payloads) {
    const back = parseLine(line('t', payload))
    t.ok(back?.payload.equals(Buffer.from(payload)), payload.slice(0, 60))
  }
})

t.test('lines of a rule of AWS IoT, which are spaced otherwise', async (t) => {
  const back = parseLine('{"a" : 1, "topic" : "t"}')
  t.strictSame([back?.topic, back?.payload.toString()], ['t', '{"a":1}'])
})

t.test('any object, any bytes', async (t) => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (topic, message) => {
      const meant = JSON.parse(JSON.stringify(message))
      const back = parseLine(line(`t${topic}`, JSON.stringify(meant, null, 2)))
      const isSame = t.strictSame(JSON.parse(back?.payload.toString() ?? ''), meant)
      return back?.topic === `t${topic}` && isSame
    }),
    { seed: 6 },
  )
})

t.test('lines that are none', async (t) => {
  for (const text of ['', 'x', '[]', 'null', '{}', '{"topic":5}', '{"topic":""}', '"topic"']) {
    t.equal(parseLine(text), undefined, text)
  }
})
