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
    { recordId: '7', data: '%%%%' },
  ]
  const answer = transformRecords(records, { kind: 'ndjson' })
  t.same(
    answer.map(({ recordId, result }) => `${recordId} ${result.replace('Processing', '')}`),
    ['1 Ok', '2 Failed', '3 Ok', '4 Failed', '5 Ok', '6 Failed', '7 Failed'],
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

t.test(
  'an answer is no larger than a Lambda may give: what has no room in it fails alone',
  async (t) => {
    // A row has a cell for each column, also for those that its record hasn't.
    const columns = Array.from({ length: 4000 }, (_, n) => `c${n}`)
    const records = Array.from({ length: 2000 }, (_, n) => ({
      recordId: `${n}`,
      data: encode(`{"c0":${n}}\n`),
    }))
    const answer = transformRecords(records, { kind: 'csv', columns })
    const size = JSON.stringify({ records: answer }).length
    t.ok(size > 6_000_000 && size <= 6_291_456, `${size}`)
    t.same(
      answer.map(({ recordId }) => recordId),
      records.map(({ recordId }) => recordId),
    )
    const failed = answer.filter(({ result }) => result === 'ProcessingFailed')
    t.ok(failed.length > 0 && failed.length < records.length)
    for (const { recordId, data } of failed) {
      if (data !== records[Number(recordId)]?.data) t.fail('as it came', { recordId })
    }
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
