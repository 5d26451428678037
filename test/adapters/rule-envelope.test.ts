import fc from 'fast-check'
import t from 'tap'
import { openRuleEnvelope } from '../../src/adapters/telemetry-feed/rule-envelope.ts'

const TOPIC = 'dt/cvra/ECU-1/cardata'

const opened: [name: string, body: unknown, payload: string | Uint8Array][] = [
  ['what the rule says', { topic: TOPIC, payload: 'eyJhIjoxfQ==' }, '{"a":1}'],
  ['with its encoding', { topic: TOPIC, payload: 'eyJhIjoxfQ==', encoding: 'base64' }, '{"a":1}'],
  ['bytes that are no text', { topic: TOPIC, payload: '//4AAQ==' }, Uint8Array.of(255, 254, 0, 1)],
  ['an empty payload', { topic: TOPIC, payload: '' }, ''],
  ['a payload as JSON', { topic: TOPIC, payload: { VIN: 'ü' } }, '{"VIN":"ü"}'],
  ['a list as payload', { topic: TOPIC, payload: [1] }, '[1]'],
  ['null as payload', { topic: TOPIC, payload: null }, 'null'],
  ['more members', { topic: TOPIC, payload: 'AA==', timestamp: 1 }, Uint8Array.of(0)],
]
for (const [name, body, payload] of opened) {
  t.test(name, async (t) => {
    const envelope = openRuleEnvelope(JSON.stringify(body))
    t.equal(envelope?.topic, TOPIC)
    t.ok(Buffer.from(payload).equals(Buffer.from(envelope?.payload ?? [9])))
  })
}

const closed: [name: string, body: string][] = [
  ['nothing', ''],
  ['not JSON', 'VIN=5'],
  ['not an object', '["dt/cvra/x/cardata","AA=="]'],
  ['null', 'null'],
  ['no topic', '{"payload":"AA=="}'],
  ['an empty topic', '{"topic":"","payload":"AA=="}'],
  ['a number as topic', '{"topic":5,"payload":"AA=="}'],
  ['no payload, as SELECT *, topic() AS topic makes it', `{"VIN":"5AZ","topic":"${TOPIC}"}`],
  ['an asset event through that rule', `{"payload":"{\\"attributes\\":{}}","topic":"cdf/x"}`],
  ['base64 of a wrong length', `{"topic":"${TOPIC}","payload":"AAA"}`],
  ['base64 with foreign characters', `{"topic":"${TOPIC}","payload":"AA=A*A=="}`],
  ['another encoding', `{"topic":"${TOPIC}","payload":"00ff","encoding":"hex"}`],
  ['the whole in base64', Buffer.from(`{"topic":"${TOPIC}"}`).toString('base64')],
]
for (const [name, body] of closed) {
  t.test(`bad input: ${name}`, async (t) => t.equal(openRuleEnvelope(body), undefined))
}

for (const depth of [100, 5000, 100_000, 500_000]) {
  t.test(`bad input: a payload nested ${depth} deep ends, whatever it ends as`, async (t) => {
    const payload = '['.repeat(depth) + ']'.repeat(depth)
    const envelope = openRuleEnvelope(`{"topic":"${TOPIC}","payload":${payload}}`)
    if (depth === 100) t.equal(Buffer.from(envelope?.payload ?? []).toString(), payload)
    if (depth >= 100_000) t.equal(envelope, undefined)
    t.pass('nothing was thrown')
  })
}

t.test('property: any bytes come through byte by byte', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.string({ minLength: 1 }), (bytes, topic) => {
      const payload = Buffer.from(bytes).toString('base64')
      const envelope = openRuleEnvelope(JSON.stringify({ topic, payload }))
      return envelope?.topic === topic && Buffer.from(bytes).equals(envelope.payload)
    }),
    { seed: 20_261_121, numRuns: 1000 },
  )
  t.pass('1000 envelopes')
})
