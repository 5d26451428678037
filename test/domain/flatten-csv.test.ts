import t from 'tap'
import { areColumns, csvHeader, csvRow, csvRows } from '../../src/domain/flatten-csv.ts'

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
    // For machines: a number stays one, a text stays itself (ADR 0015).
    [{ topic: -5, message: '=1+1', position: { lat: '@x' } }, '-5;=1+1;@x;\n'],
    // Two of one name, and one that is called like the last column.
    [{ 'position.lat': 1, position: { lat: 2 } }, ';;1;"{""position.lat#2"":2}"\n'],
    [{ rest: 'a' }, ';;;"{""rest"":""a""}"\n'],
  ]
  for (const [document, row] of rows) t.equal(csvRow({ ...document }, columns), row)
})

t.test('a record is a row for each of its lines, or has a fault', async (t) => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const cases: [record: string | Buffer, rows: unknown][] = [
    ['{"a":1}\n', '1;\n'],
    ['{"a":1}\r\n\n{"a":2}', '1;\n2;\n'],
    ['', ''],
    ['{"a":1700000000123456789}', '1700000000123456789;\n'],
    ['{"b":[9007199254740993],"a":1e999}', '1e999;"{""b"":[""9007199254740993""]}"\n'],
    ['{"a":1234567890123456.5}', '1234567890123456.5;\n'],
    ['{"a":1}\n[2]', { code: 'NotAJsonObject' }],
    ['null', { code: 'NotAJsonObject' }],
    ['{"a":', { code: 'NotAJsonObject' }],
    [Buffer.from([0x7b, 0xff]), { code: 'NotUtf8' }],
    [`{"a":${deep}}`, { code: 'NestedTooDeeply' }],
    // A line of the archive whose message was no JSON object.
    ['{"topic":"t","payload_base64":"YQ=="}', { code: 'NotAJsonObject' }],
    ['{"payload_base64":"YQ==","a":5}', '5;"{""payload_base64"":""YQ==""}"\n'],
  ]
  for (const [record, wanted] of cases) {
    const name = String(record).slice(0, 60)
    t[typeof wanted === 'string' ? 'equal' : 'match'](
      csvRows(Buffer.from(record), ['a']),
      wanted,
      name,
    )
  }
})

t.test('names of columns', async (t) => {
  t.ok(areColumns(['a', 'a.b', 'Rest']))
  for (const names of [['a', 'a'], [''], ['a', 'rest']]) t.notOk(areColumns(names), `${names}`)
})
