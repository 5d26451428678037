import fc from 'fast-check'
import t from 'tap'
import {
  decodeSubmission,
  describeRejected,
  isInvalid,
} from '../../src/submissions/decode-submission.ts'
import type { Submission } from '../../src/submissions/submission.ts'
import { encode, SAMPLE, submission } from './submissions.ts'

const decode = (body: string) => decodeSubmission(body, 'drop-submission')

function valid(body: string, policy: 'drop-submission' | 'drop-event' = 'drop-submission') {
  const decoded = decodeSubmission(body, policy)
  if (isInvalid(decoded)) throw new Error(decoded.reason)
  return decoded
}

function reasonOf(document: unknown): string | undefined {
  const decoded = decode(encode(document))
  return isInvalid(decoded) ? decoded.reason : undefined
}

t.test('the original’s sample, in both encodings', async (t) => {
  for (const [encoding, body] of [
    ['base64', encode(SAMPLE)],
    ['json', JSON.stringify(SAMPLE)],
    ['json', ` \n${JSON.stringify(SAMPLE, null, 2)}`],
  ] as const) {
    const decoded = valid(body)
    t.match(decoded, {
      id: SAMPLE.submission_id,
      deviceId: SAMPLE.device_id,
      timeCreated: SAMPLE.time_created,
      encoding,
    })
    t.same(
      decoded.events.map(({ type, index, seq }) => [type, index, seq]),
      [
        ...[0, 1, 2, 3].map((n) => ['new_process', n, n]),
        ...[0, 1, 2].map((n) => ['network_connection', n, n + 4]),
      ],
    )
    t.same(decoded.events[5]?.details, SAMPLE.events.network_connection[1])
  }
})

const process = (change: object) => submission({ events: { new_process: [change] } })
const connection = (change: object) =>
  submission({
    events: {
      network_connection: [{ ...SAMPLE.events.network_connection[0], ...change }],
    },
  })

t.test('what is valid although it looks odd', async (t) => {
  const cases: [name: string, document: unknown, events: number][] = [
    ['no events', submission({ events: {} }), 0],
    ['empty lists', submission({ events: { new_process: [], network_connection: [] } }), 0],
    ['port 0', connection({ destination_port: 0 }), 1],
    ['port 65535', connection({ destination_port: 65_535 }), 1],
    ['an empty command line', process({ cmdl: '', user: '' }), 1],
    ['other keys', process({ cmdl: 'a', user: 'b', pid: 7 }), 1],
    ['text with NUL', process({ cmdl: 'a\u0000b', user: 'b' }), 1],
    ['a lone surrogate', process({ cmdl: 'a\ud800', user: 'b' }), 1],
    ['a UUID in capitals', submission({ device_id: SAMPLE.device_id.toUpperCase() }), 7],
    ['a UUID of version 1', submission({ device_id: '1b4e28ba-2fa1-11d2-883f-0016d3cca427' }), 7],
    ['no fraction', submission({ time_created: '2022-05-09T03:23:58' }), 7],
    ['UTC', submission({ time_created: '2022-05-09T03:23:58Z' }), 7],
    ['a zone', submission({ time_created: '2022-05-09T03:23:58.1+05:30' }), 7],
    ['a leap day', submission({ time_created: '2024-02-29T00:00:00' }), 7],
  ]
  for (const [name, document, events] of cases) {
    t.equal(valid(encode(document)).events.length, events, name)
  }
  const port = JSON.stringify(connection({})).replace('33760', '4.43e2')
  t.match(valid(port).events, [{ details: { destination_port: 443 } }])
})

t.test('what is invalid, and why', async (t) => {
  const cases: [document: unknown, reason: RegExp][] = [
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['{"submission_id":', /not JSON/],
    [submission({ submission_id: 'not-an-uuid' }), /^submission_id is not a UUID/],
    [submission({ submission_id: `urn:uuid:${SAMPLE.submission_id}` }), /^submission_id/],
    [submission({ submission_id: undefined }), /^submission_id/],
    [submission({ device_id: 5 }), /^device_id is not a UUID/],
    [submission({ device_id: `${SAMPLE.device_id}\n` }), /^device_id is not a UUID/],
    ...['', 5, null, '2022-05-09', '2022-05-09 03:23:58', '2022-02-30T00:00:00'].map(
      (time): [unknown, RegExp] => [submission({ time_created: time }), /^time_created is not/],
    ),
    ...['2022-13-01T00:00:00', '2022-01-01T24:00:00', '2022-01-01T00:00:00+24:00', 'today'].map(
      (time): [unknown, RegExp] => [submission({ time_created: time }), /^time_created is not/],
    ),
    [submission({ events: undefined }), /^events is not an object/],
    [submission({ events: [] }), /^events is not an object/],
    [submission({ events: null }), /^events is not an object/],
    [submission({ events: { new_file: [] } }), /^events.new_file is no kind of events/],
    [submission({ events: { new_process: null } }), /^events.new_process is not a list/],
    [submission({ events: { new_process: {} } }), /^events.new_process is not a list/],
    [submission({ events: { new_process: [null] } }), /^events.new_process\[0\] is not an object/],
    [submission({ events: { new_process: [[]] } }), /^events.new_process\[0\] is not an object/],
    [process({ user: 'a' }), /^events.new_process\[0\] has no cmdl/],
    [process({ cmdl: null, user: 'a' }), /has a cmdl that is not a string/],
    [process({ cmdl: 'a', user: 5 }), /has a user that is not a string/],
    ...['443', null, true, -1, 65_536, 443.5].map((port): [unknown, RegExp] => [
      connection({ destination_port: port }),
      /^events.network_connection\[0\] has a destination_port that is not an integer from 0 to 65535/,
    ]),
    ...[
      '::1',
      '192.168.00.1',
      '1.2.3.4/1',
      '1.2.3',
      '256.1.1.1',
      ' 1.2.3.4',
      '1.2.3.4\n',
      1,
      '',
    ].map((ip): [unknown, RegExp] => [
      connection({ destination_ip: ip }),
      /has a destination_ip that/,
    ]),
    [connection({ source_ip: null }), /has a source_ip that/],
  ]
  for (const [document, reason] of cases) t.match(reasonOf(document), reason)
})

t.test('bodies that are no base64 of a text', async (t) => {
  const good = encode(SAMPLE)
  const bodies = ['', ' ', '[]', 'null', 'nonsense!', `${good}\n`, ` ${good}`, good.slice(1)]
  const url = Buffer.from([0xfb, 0xff, 0xfe]).toString('base64url')
  // The last group's spare bits are not 0.
  for (const body of [...bodies, url, 'eyJ9', 'YQ=a', 'YR==', '====']) {
    const decoded = decode(body)
    t.ok(isInvalid(decoded), JSON.stringify(body))
  }
  const latin1 = Buffer.from('{"submission_id":"\xe4"}', 'latin1').toString('base64')
  t.match(decode(latin1), { reason: 'the decoded body is not valid UTF-8', encoding: 'base64' })
  const bom = Buffer.from(`\ufeff${JSON.stringify(SAMPLE)}`).toString('base64')
  t.match(decode(bom), { reason: /not JSON/ })
})

t.test('whose it was is told if it can be', async (t) => {
  t.match(decode(encode(submission({ submission_id: 'x' }))), { deviceId: SAMPLE.device_id })
  t.match(decode(encode(submission({ device_id: 'x' }))), { deviceId: undefined })
})

t.test('one bad event costs its submission, or only itself', async (t) => {
  const [first, ...others] = SAMPLE.events.new_process
  const bad = [first, { cmdl: null, user: 'a' }, ...others, 7]
  const body = encode(submission({ events: { ...SAMPLE.events, new_process: bad } }))
  t.match(decode(body), {
    reason: 'events.new_process[1] has a cmdl that is not a string, and 1 other events are wrong',
  })
  const kept = valid(body, 'drop-event')
  t.same(
    kept.events.map(({ type, index, seq }) => [type[0], index, seq].join()),
    ['n,0,0', 'n,2,2', 'n,3,3', 'n,4,4', 'n,0,6', 'n,1,7', 'n,2,8'],
  )
  t.equal(
    describeRejected(kept.rejected),
    'events.new_process[1] has a cmdl that is not a string; events.new_process[5] is not an object',
  )
  const many = submission({ events: { new_process: Array(100).fill(1) } })
  t.match(describeRejected(valid(encode(many), 'drop-event').rejected), /; and 80 more$/)
})

t.test('any body has an outcome', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json().map(encode), fc.base64String()), (body) => {
      decode(body)
    }),
    { seed: 6 },
  )
  fc.assert(
    fc.property(fc.array(fc.record({ cmdl: fc.string(), user: fc.string() })), (events) => {
      const decoded: Submission = valid(encode(submission({ events: { new_process: events } })))
      t.strictSame(
        decoded.events.map(({ details }) => JSON.stringify(details)),
        events.map((event) => JSON.stringify(event)),
      )
    }),
    { seed: 6 },
  )
})
