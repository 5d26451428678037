import { request } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { deliver as store } from '../../src/firehose/deliver.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { until } from '../helpers/until.ts'

const KEY = 'a-very-secret-access-key'
const records = [{ data: 'eyJhIjoxfQo=' }, { data: '' }, { data: 'eyJhIjoyfQo=' }]

async function setUp(t: Test, env: Record<string, string> = {}) {
  const running = await startFleetgrid(t, { FIREHOSE_ACCESS_KEY: KEY, ...env })
  const deliver = async (body: object | string | Buffer, headers: Record<string, string> = {}) => {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
    const answer = await fetch(`${running.httpUrl}/firehose/delivery`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-firehose-protocol-version': '1.0',
        'x-amz-firehose-request-id': 'one',
        'x-amz-firehose-access-key': KEY,
        ...headers,
      },
      body: isRaw ? body : JSON.stringify(body),
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any }
  }
  const objects = async (prefix = 'firehose/') => {
    const page = await running.fleetgrid.ports.objectStore.list(prefix)
    const bodies = await Promise.all(
      page.objects.map(({ key }) => running.fleetgrid.ports.objectStore.get(key)),
    )
    return bodies.map((body) => gunzipSync(body ?? '').toString())
  }
  return { ...running, deliver, objects }
}

t.test('a request is one object, once, and answered as Firehose wants it', async (t) => {
  const { deliver, objects, metric, clock } = await setUp(t)
  const request = { requestId: 'one', timestamp: 1578090901599, records }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    // Its object would have another name now: Firehose tries for two hours.
    clock.ahead = attempt * 3_600_000
    const { status, headers, body } = await deliver(request)
    t.equal(status, 200)
    t.match(body, { requestId: 'one', timestamp: Number })
    t.equal(headers.get('content-type'), 'application/json')
    t.equal(headers.get('content-length'), String(JSON.stringify(body).length))
    t.equal(headers.get('content-encoding'), null)
  }
  t.same(await objects(), ['{"a":1}\n{"a":2}\n'])
  t.equal(await metric(/firehose_deliveries_total\{outcome="duplicate"\}/), 2)
  const both = await Promise.all(
    [1, 2, 3].map(() =>
      deliver({ ...request, requestId: 'two' }, { 'x-amz-firehose-request-id': 'two' }),
    ),
  )
  t.ok(both.every(({ status }) => status === 200))
  t.equal((await objects()).length, 2)
})

t.test('columns given: CSV beside the raw object, one header, errors apart', async (t) => {
  const { deliver, objects, metric, clock } = await setUp(t, { FIREHOSE_CSV_COLUMNS: 'a,b.c' })
  const more = ['{"a":3,"b":{"c":-5,"d":"=x"}}\n', 'broken', '[]\n'].map((text) => ({
    data: Buffer.from(text).toString('base64'),
  }))
  const request = { requestId: 'one', timestamp: 1, records: [...records, ...more] }
  t.match(await deliver(request), { status: 200 })
  clock.ahead = 3_600_000
  t.match(await deliver(request), { status: 200 })
  t.strictSame(await objects(), ['{"a":1}\n{"a":2}\n{"a":3,"b":{"c":-5,"d":"=x"}}\nbroken[]\n'])
  t.strictSame(await objects('archive-csv/'), ['a;b.c;rest\n1;;\n2;;\n3;-5;"{""b.d"":""=x""}"\n'])
  const [errors = ''] = await objects('archive-errors/processing-failed/')
  t.same(
    errors
      .trim()
      .split('\n')
      .map((line) => Buffer.from(JSON.parse(line).rawData, 'base64').toString()),
    ['broken', '[]\n'],
  )
  t.equal(await metric(/fleetgrid_csv_records_total\{outcome="written"\}/), 3)
  t.equal(await metric(/fleetgrid_csv_records_total\{outcome="failed"\}/), 2)
})

t.test('an answer that was lost: the same objects, also an hour later', async (t) => {
  const { fleetgrid } = await setUp(t)
  const { firehoseRequests: requests, objectStore } = fleetgrid.ports
  let now = Date.parse('2024-07-13T10:59:59.841Z')
  let puts = 0
  const options = {
    ...{ requests, objectPrefix: 'firehose/', now: () => now, onCsv: () => undefined },
    csv: { columns: ['a'], prefix: 'archive-csv/', errorPrefix: 'archive-errors/' },
    objectStore: {
      async put(...args: Parameters<typeof objectStore.put>) {
        await objectStore.put(...args)
        puts += 1
        if (puts <= 3) throw new Error('stored, and nobody heard of it')
      },
    },
  }
  const request = { id: 'one', records: [Buffer.from('{"a":1}'), Buffer.from('x')] }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await t.rejects(store(request, options), /nobody heard/)
    now += 3_600_000
  }
  t.equal(await store(request, options), 'stored')
  t.equal(await store(request, options), 'duplicate')
  for (const prefix of ['firehose/', 'archive-csv/', 'archive-errors/processing-failed/']) {
    const keys = (await objectStore.list(prefix)).objects.map(({ key }) => key)
    t.equal(keys.length, 1, prefix)
    t.match(keys[0], `${prefix}2024/07/13/10/delivery-1-2024-07-13-10-59-59-`)
  }
})

t.test('compressed, and as large as it may be', async (t) => {
  const { deliver, objects } = await setUp(t)
  const large = Array.from({ length: 40 }, () => ({
    data: Buffer.alloc(1_000_000, 'a').toString('base64'),
  }))
  const body = JSON.stringify({ requestId: 'one', timestamp: 1, records: large })
  t.ok(body.length > 53_000_000)
  t.match(await deliver(body), { status: 200 })
  t.equal((await objects())[0]?.length, 40_000_000)
  const packed = gzipSync(JSON.stringify({ requestId: 'two', timestamp: 1, records }))
  const headers = { 'content-encoding': 'gzip', 'x-amz-firehose-request-id': 'two' }
  t.match(await deliver(packed, headers), { status: 200 })
  t.equal((await objects()).length, 2)
})

t.test('what is wrong is said in their words, and never with 413', async (t) => {
  const { deliver, objects } = await setUp(t)
  const bomb = gzipSync(Buffer.alloc(70_000_000, ' '))
  const cases: [string, number, Promise<any>][] = [
    ['no key', 401, deliver({ requestId: 'one', records }, { 'x-amz-firehose-access-key': '' })],
    ['other', 401, deliver({ requestId: 'one', records }, { 'x-amz-firehose-access-key': 'x' })],
    ['no json', 400, deliver('{')],
    ['null', 400, deliver('null')],
    ['no id', 400, deliver({ records })],
    ['another id', 400, deliver({ requestId: 'two', records })],
    ['no records', 400, deliver({ requestId: 'one' })],
    ['a record', 400, deliver({ requestId: 'one', records: [{ data: 5 }] })],
    ['no base64', 400, deliver({ requestId: 'one', records: [{ data: '%%%%' }] })],
    ['half of it', 400, deliver({ requestId: 'one', records: [{ data: 'eyJhIjoxfQo' }] })],
    ['no gzip', 400, deliver('{}', { 'content-encoding': 'gzip' })],
    ['a bomb', 400, deliver(bomb, { 'content-encoding': 'gzip' })],
    ['too large', 400, deliver(Buffer.alloc(67_108_865, ' '))],
    ['other encoding', 400, deliver('{}', { 'content-encoding': 'br' })],
  ]
  for (const [name, status, answered] of cases) {
    const { body, ...answer } = await answered
    t.equal(answer.status, status, name)
    t.match(body, { requestId: 'one', timestamp: Number, errorMessage: String }, name)
  }
  t.same(await objects(), [])
})

t.test('an id that only the body has is answered too, whatever becomes of it', async (t) => {
  const { httpUrl, fleetgrid } = await setUp(t)
  const deliver = async (body: object) => {
    const answer = await fetch(`${httpUrl}/firehose/delivery`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-amz-firehose-access-key': KEY },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as object }
  }
  const body = { requestId: 'only here' }
  t.match(await deliver({ requestId: 'only here', records }), { status: 200, body })
  t.match(await deliver({ requestId: 'only here', records: [5] }), { status: 400, body })
  fleetgrid.ports.objectStore.put = async () => {
    throw new Error('no space left')
  }
  const next = { requestId: 'the next' }
  t.match(await deliver({ ...next, records }), { status: 500, body: next })
  t.match(await deliver({ records }), { status: 400, body: { requestId: '' } })
})

/** Answers of requests whose bodies never come. */
async function withoutBodies(t: Test, url: string, count: number, headers: object) {
  const { hostname, port } = new URL(url)
  const statuses: number[] = []
  const requests = Array.from({ length: count }, () => {
    const sent = request({
      ...{ hostname, port, path: '/firehose/delivery', method: 'POST' },
      headers: { 'content-length': '67108864', 'content-type': 'application/json', ...headers },
    })
    sent.on('response', (response) => statuses.push(response.statusCode ?? 0))
    sent.on('error', () => undefined)
    sent.write('{')
    return sent
  })
  t.teardown(() => {
    for (const sent of requests) sent.destroy()
  })
  return { statuses, abort: () => requests.map((sent) => sent.destroy()) }
}

t.test('who has no key has no place for a body, and there is one for so many', async (t) => {
  const { deliver, objects, httpUrl, metric } = await setUp(t)
  const strangers = await withoutBodies(t, httpUrl, 6, { 'x-amz-firehose-access-key': 'x' })
  await until(() => strangers.statuses.length === 6)
  t.same(strangers.statuses, Array(6).fill(401))
  const slow = await withoutBodies(t, httpUrl, 6, { 'x-amz-firehose-access-key': KEY })
  await until(() => slow.statuses.length === 2)
  t.same(slow.statuses, [503, 503])
  t.match(await deliver({ requestId: 'one', records }), { status: 503, body: { requestId: 'one' } })
  slow.abort()
  await until(async () => (await deliver({ requestId: 'one', records })).status === 200)
  t.equal((await objects()).length, 1)
  t.ok((await metric(/firehose_deliveries_total\{outcome="refused"\}/)) >= 9)
})

t.test('without a key there is no such route', async (t) => {
  const { httpUrl } = await startFleetgrid(t)
  t.equal((await fetch(`${httpUrl}/firehose/delivery`, { method: 'POST' })).status, 404)
})
