import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { csvObjects } from '../../src/domain/csv-objects.ts'

const AT = Date.parse('2024-07-13T10:25:23.841Z')
const settings = { columns: ['n'], prefix: 'csv/', errorPrefix: 'bad/' }

async function make(records: readonly (string | Buffer)[]) {
  const bytes = records.map((record) => Buffer.from(record))
  const name = { source: 'fleetgrid', at: AT, id: 'x' }
  const made = await csvObjects(() => bytes, settings, name)
  const objects = made.objects.map(({ key, body }) => [key, gunzipSync(body).toString()])
  return { ...made, unpacked: Object.fromEntries(objects) }
}

const CSV_KEY = 'csv/2024/07/13/10/fleetgrid-1-2024-07-13-10-25-23-x.csv.gz'
const ERROR_KEY = 'bad/processing-failed/2024/07/13/10/fleetgrid-1-2024-07-13-10-25-23-x.ndjson.gz'

t.test('one header an object, however many records', async (t) => {
  const records = Array.from({ length: 20_000 }, (_, n) => `{"n":${n},"text":"ä😀"}\n`)
  const { unpacked, written, failed } = await make(records)
  t.strictSame([written, failed], [20_000, 0])
  t.strictSame(Object.keys(unpacked), [CSV_KEY])
  const rows = records.map((_, n) => `${n};"{""text"":""ä😀""}"\n`)
  t.ok(unpacked[CSV_KEY] === `n;rest\n${rows.join('')}`)
})

t.test('what can’t be a row is an error, whole, and costs no other', async (t) => {
  const broken = Buffer.from([0xff, 0x0a])
  const { unpacked, written, failed } = await make(['{"n":1}\n', broken, '[]', '{"n":2}\n', ''])
  t.strictSame([written, failed], [2, 2])
  t.equal(unpacked[CSV_KEY], 'n;rest\n1;\n2;\n')
  const errors = String(unpacked[ERROR_KEY])
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.strictSame(errors, [
    {
      ...{ arrivalTimestamp: AT, errorCode: 'NotUtf8', errorMessage: 'it is not valid UTF-8' },
      rawData: broken.toString('base64'),
    },
    {
      ...{ arrivalTimestamp: AT, errorCode: 'NotAJsonObject' },
      errorMessage: 'one of its lines is not a JSON object',
      rawData: Buffer.from('[]').toString('base64'),
    },
  ])
})

t.test('others have their turn, also while nothing but errors is found', async (t) => {
  let turns = 0
  let timer = setImmediate(function count() {
    turns += 1
    timer = setImmediate(count)
  })
  const { failed } = await make(Array.from({ length: 50_000 }, (_, n) => `["${n}"`))
  clearImmediate(timer)
  t.equal(failed, 50_000)
  t.ok(turns > 10, `${turns} turns`)
})

t.test('no rows: no object; the same records: the same bytes', async (t) => {
  t.strictSame((await make([])).objects, [])
  t.strictSame((await make([''])).objects, [])
  t.strictSame(Object.keys((await make(['x'])).unpacked), [ERROR_KEY])
  const [one, other] = [await make(['{"n":1}', 'x']), await make(['{"n":1}', 'x'])]
  t.strictSame(one.objects, other.objects)
})
