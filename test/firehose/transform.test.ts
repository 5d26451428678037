import t from 'tap'
import { transformRecords } from '../../src/firehose/transform.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'

const encode = (text: string | Buffer) => Buffer.from(text).toString('base64')
const decode = (data: string | undefined) => Buffer.from(data ?? '', 'base64').toString()

t.test('every record comes back, each with its own fate', async (t) => {
  // README of SirNicholas1st/aws-iot-core-pipeline: a record as its Lambda got it.
  const original =
    'eyJ0b3BpYyI6ImlvdC10ZXN0LXRvcGljL2FzZGFzZCIsIm1lc3NhZ2UiOiJIZWxsbywgd29ybGQhIn0K'
  const broken = encode('{"topic":')
  const records = [
    { recordId: '1', data: original },
    { recordId: '2', data: broken },
    { recordId: '3', data: encode('{"a":1}\n{"a":2}') },
    { recordId: '4', data: encode(Buffer.from([0xff])) },
    { recordId: '5', data: '' },
    { recordId: '6', data: encode('[1]') },
  ]
  const answer = transformRecords(records, { kind: 'ndjson' })
  t.same(
    answer.map(({ recordId, result }) => `${recordId} ${result}`),
    ['1 Ok', '2 ProcessingFailed', '3 Ok', '4 ProcessingFailed', '5 Ok', '6 ProcessingFailed'],
  )
  t.equal(answer[0]?.data, original, 'with its line end, byte by byte')
  t.equal(answer[1]?.data, broken, 'as it was')
  t.equal(decode(answer[2]?.data), '{"a":1}\n{"a":2}\n')
  const csv = transformRecords(records, { kind: 'csv', columns: ['topic', 'message'] })
  t.equal(decode(csv[0]?.data), 'iot-test-topic/asdasd;Hello, world!;\n')
  t.same(
    csv.map(({ recordId, result }) => `${recordId} ${result}`),
    answer.map(({ recordId, result }) => `${recordId} ${result}`),
  )
})

t.test(
  'what JSON can be read and not be written costs itself, numbers keep their digits',
  async (t) => {
    const deep = encode(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)
    const records = [
      { recordId: '1', data: deep },
      { recordId: '2', data: encode('{"a":1700000000123456789}\n') },
    ]
    const lines = transformRecords(records, { kind: 'ndjson' })
    t.equal(decode(lines[0]?.data), `${decode(deep)}\n`)
    t.equal(lines[1]?.data, records[1]?.data)
    const rows = transformRecords(records, { kind: 'csv', columns: ['a'] })
    t.match(rows[0], { recordId: '1', result: 'ProcessingFailed', data: deep })
    t.equal(decode(rows[1]?.data), '1700000000123456789;\n')
  },
)

t.test('over HTTP, as a Lambda that hands it on', async (t) => {
  const { send } = await startFleetgrid(t)
  const event = {
    invocationId: '08ef5d48',
    deliveryStreamArn: 'arn:aws:firehose:eu-west-1:0:deliverystream/a',
    region: 'eu-west-1',
    records: [
      { recordId: '49', approximateArrivalTimestamp: 1720859923841, data: encode('{"a":1}') },
    ],
  }
  t.match(await send('POST', '/firehose/transform', event), {
    status: 200,
    body: { records: [{ recordId: '49', result: 'Ok', data: encode('{"a":1}\n') }] },
  })
  t.match(await send('POST', '/firehose/transform?format=csv&columns=a', event), {
    body: { records: [{ data: encode('1;\n') }] },
  })
  for (const query of ['format=csv', 'format=csv&columns=a,a', 'format=csv&columns=a,,rest']) {
    t.match(await send('POST', `/firehose/transform?${query}`, event), { status: 400 })
  }
  t.match(await send('POST', '/firehose/transform', { records: [] }), { status: 400 })
})
