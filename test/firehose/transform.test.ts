import t from 'tap'
import { csvHeader, csvRow } from '../../src/firehose/flatten-csv.ts'
import { transformRecords } from '../../src/firehose/transform.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'

const encode = (text: string | Buffer) => Buffer.from(text).toString('base64')
const decode = (data: string | undefined) => Buffer.from(data ?? '', 'base64').toString()

t.test('rows of any documents have the same columns', async (t) => {
  const columns = ['topic', 'message', 'position.lat']
  t.equal(csvHeader(columns), 'topic;message;position.lat;rest\n')
  const rows: [object, string][] = [
    // The original's own record.
    [{ topic: 'iot/a', message: 'Hello, world!' }, 'iot/a;Hello, world!;;\n'],
    [{ position: { lat: 1.5, lon: 2 } }, ';;1.5;"{""position.lon"":2}"\n'],
    [{ message: 'a;b "c"\nd' }, ';"a;b ""c""\nd";;\n'],
    [{ message: null, topic: 0 }, '0;;;\n'],
    [{ message: [1, { a: 2 }] }, ';"[1,{""a"":2}]";;\n'],
    [{ position: {} }, ';;;"{""position"":{}}"\n'],
    [{}, ';;;\n'],
  ]
  for (const [document, row] of rows) t.equal(csvRow({ ...document }, columns), row)
})

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
  const [csv] = transformRecords(records, { kind: 'csv', columns: ['topic', 'message'] })
  t.equal(decode(csv?.data), 'iot-test-topic/asdasd;Hello, world!;\n')
})

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
  t.match(await send('POST', '/firehose/transform?format=csv', event), { status: 400 })
  t.match(await send('POST', '/firehose/transform', { records: [] }), { status: 400 })
})
