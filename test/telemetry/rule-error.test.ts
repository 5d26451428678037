import t from 'tap'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { receivedAt } from '../helpers/registry.ts'
import { ruleError } from '../helpers/rule-error.ts'

function decode(message: unknown) {
  const payload = Buffer.from(JSON.stringify(message))
  return decodeMessage({ family: 'rule-error', payload, receivedAt, sizeMaxBytes: 1000 })
}

t.test('the original message comes out, and why its rule failed', async (t) => {
  const bytes = Uint8Array.of(0, 255, 123)
  const decoded = decode(ruleError('dt/cvra/ECU-1/cardata', bytes))
  t.match(decoded, { usable: false, original: { topic: 'dt/cvra/ECU-1/cardata' } })
  if (decoded.usable) return
  t.ok(Buffer.from(bytes).equals(Buffer.from(decoded.original?.payload ?? [])))
  t.equal(
    decoded.reason,
    'the IoT rule fleet_cardata failed: S3Action on us-east-1-s3-verify-user: The specified bucket does not exist',
  )
})

t.test('a message of 128 KB fits, whatever the limit for messages', async (t) => {
  const decoded = decode(ruleError('dt/cvra/ECU-1/event', Buffer.alloc(131_072)))
  t.equal(decoded.usable ? 0 : decoded.original?.payload.length, 131_072)
})

t.test('many failures are named in short', async (t) => {
  const failures = Array.from({ length: 30 }, () => ({ errorMessage: 'x'.repeat(5000) }))
  const decoded = decode(ruleError('a/b', Buffer.from('{}'), { failures }))
  t.match(decoded, { reason: /and 25 more$/ })
  t.ok(!decoded.usable && decoded.reason.length < 2000)
})

t.test('no failures', async (t) => {
  t.match(decode(ruleError('a/b', Buffer.from('{}'), { failures: [] })), {
    reason: /it does not say why/,
    original: { topic: 'a/b' },
  })
})

const bad: [name: string, changes: Record<string, unknown>, reason: RegExp][] = [
  ['no payload', { base64OriginalPayload: undefined }, /base64originalpayload/],
  ['bad base64', { base64OriginalPayload: '***=' }, /base64originalpayload is not base64/],
  ['no topic', { topic: '' }, /^topic must/],
  ['no rule', { ruleName: 7 }, /^rulename must be string/],
  ['failures in words', { failures: 'all' }, /^failures must be array/],
]
for (const [name, changes, expected] of bad) {
  t.test(`bad input: ${name}`, async (t) => {
    const decoded = decode(ruleError('a/b', Buffer.from('{}'), changes))
    t.match(decoded, { usable: false, reason: expected, original: undefined })
  })
}
