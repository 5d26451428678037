import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { sendBulk } from '../../src/adapters/fleet-index/opensearch/bulk.ts'
import { EngineClient } from '../../src/adapters/fleet-index/opensearch/client.ts'

const JSON_TYPE = 'application/json; charset=UTF-8'

/** A client of something that gives this answer to everything. */
async function clientOf(t: Test, answer: string, contentType: string): Promise<EngineClient> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': contentType }).end(answer)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = new EngineClient({
    adapter: 'opensearch',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ username: undefined, password: undefined, caFile: undefined, signingRegion: undefined },
    ...{ indexPrefix: '', shards: 1, replicas: 0, refreshIntervalMs: 1000 },
    ...{ requestTimeoutMs: 5000, bulkSizeMaxBytes: 1000, bulkConcurrency: 1 },
    ...{ historyRetentionMs: 1, vehiclesMax: 1 },
  })
  await client.open()
  t.teardown(async () => {
    await client.close()
    server.close()
  })
  return client
}

async function outcomesOf(t: Test, answer: string, count: number, contentType = JSON_TYPE) {
  const client = await clientOf(t, answer, contentType)
  const operations = Array.from({ length: count }, (_, id) => `{"index":{"_id":"${id}"}}\n{}\n`)
  return sendBulk(
    client,
    { path: '/_bulk', requireAlias: false, operations, withSequence: true },
    1e6,
  )
}

const answerOf = (...items: string[]): string =>
  `{"errors":false,"items":[${items.map((item) => `{"index":{${item}}}`).join(',')}]}`

t.test('of operations that are done the sequence numbers are known', async (t) => {
  const answer = answerOf(
    '"_seq_no":0,"_primary_term":1,"status":201',
    '"status":200',
    '"_seq_no":4711,"_primary_term":12,"status":200',
  )
  t.match(await outcomesOf(t, answer, 3), [
    { status: 200, _seq_no: 0, _primary_term: 1 },
    { status: 200, _seq_no: undefined },
    { status: 200, _seq_no: 4711, _primary_term: 12 },
  ])
})

t.test('a sequence number that is none is not known, rather than 0', async (t) => {
  const [item] = await outcomesOf(t, answerOf('"_seq_no":-2,"_primary_term":0,"status":200'), 1)
  t.equal(item?._seq_no, undefined)
  t.equal(item?._primary_term, undefined)
})

const strangers: [name: string, contentType: string, answer: string][] = [
  [
    'a page of something before OpenSearch',
    'text/html',
    '<style>@media print{p{color:red}}@media screen{p{color:red}}</style><h1>Back soon</h1>',
  ],
  [
    'failures that are not called JSON',
    'text/plain',
    '{"errors":true,"items":[{"index":{"status":429,"error":{"type":"busy"}}},{"index":{"status":429,"error":{"type":"busy"}}}]}',
  ],
  ['an answer that was cut', JSON_TYPE, answerOf('"status":200', '"status":201').slice(0, -10)],
  ['too few outcomes', JSON_TYPE, answerOf('"status":200')],
  ['nothing', JSON_TYPE, ''],
]

for (const [name, contentType, answer] of strangers) {
  t.test(`nothing counts as done: ${name}`, async (t) => {
    const items = await outcomesOf(t, answer, 2, contentType)
    t.strictSame(
      items.map(({ status }) => status),
      [0, 0],
    )
  })
}

t.test('who asks for an object gets one', async (t) => {
  const client = await clientOf(t, answerOf('"status":200'), JSON_TYPE)
  const bulk = Buffer.from('{"index":{}}\n{}\n')
  const { body } = await client.request({ method: 'POST', path: '/_bulk', bulk })
  t.strictSame(body, { errors: false, items: [{ index: { status: 200 } }] })
})
