import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import { createOpenSearchConfig, createPostgresConfig } from '../../src/config/engines.ts'
import { readEnv } from '../../src/config/env.ts'

// What a person reads who has set an address wrongly: what is wrong, where, and what to do.

const DEAD = '127.0.0.1:1'

async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function serve(t: Test, answer: (path: string, response: ServerResponse) => void) {
  const asked: string[] = []
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.setHeader('connection', 'close')
    answer(request.url ?? '', response)
  })
  return listen(t, server).then((address) => ({ address, asked }))
}

/** Returns what it fails with, and what it has waited for. */
async function openIndex(address: string): Promise<{ failure: Error; waits: string[] }> {
  const env = readEnv({ OPENSEARCH_URL: `http://me:secret@${address}` })
  const waits: string[] = []
  const index = createOpenSearchFleetIndex(createOpenSearchConfig(env), {
    instance: 'test',
    now: Date.now,
    onWaiting: (reason) => void waits.push(reason),
    openTimeoutMs: -1,
  })
  const failure = await index.open().then(
    () => new Error('it opened'),
    (error: Error) => error,
  )
  return { failure, waits }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const strangers: [name: string, answer: (response: ServerResponse) => void, described: string][] = [
  [
    'a web page',
    (response) => response.setHeader('content-type', 'text/html').end('<html>Hello</html>'),
    '200 "<html>Hello</html>"',
  ],
  ['nothing of that name', (response) => response.writeHead(404).end(), '404 ""'],
  [
    'a redirect',
    (response) => response.writeHead(301, { location: 'https://example.com/' }).end(),
    '301 ""',
  ],
  [
    'Elasticsearch',
    (response) =>
      response
        .writeHead(200, JSON_TYPE)
        .end('{"version":{"number":"8.11.0"},"tagline":"You Know, for Search"}'),
    '200 Elasticsearch 8.11.0',
  ],
]
for (const [name, answer, described] of strangers) {
  t.test(`OPENSEARCH_URL of ${name} is told at once`, async (t) => {
    const { address, asked } = await serve(t, (_path, response) => answer(response))
    const { failure, waits } = await openIndex(address)
    t.equal(
      failure.message,
      `What answers at http://${address} is not OpenSearch: GET / → ${described}. Set OPENSEARCH_URL to the address of its REST API, such as https://search.example.com:9200.`,
    )
    t.same(asked, ['GET /'], 'and asked for nothing else')
    t.same(waits, [])
  })
}

t.test('OpenSearch that doesn’t tell a user what it is is believed', async (t) => {
  const { address, asked } = await serve(t, (path, response) => {
    response.writeHead(path === '/' ? 403 : 401).end()
  })
  const { failure } = await openIndex(address)
  t.match(failure.message, /answered 401\. Check OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD/)
  t.equal(asked.length, 2)
})

t.test('OPENSEARCH_URL where nobody listens', async (t) => {
  const { failure } = await openIndex(DEAD)
  t.match(failure, { kind: 'unavailable' })
  t.match(
    failure.message,
    /^OpenSearch at http:\/\/127\.0\.0\.1:1: GET \/: connect ECONNREFUSED .* Is it running, and is OPENSEARCH_URL right\?$/,
  )
})

async function openDatabase(host: string): Promise<Error> {
  const env = readEnv({
    DATABASE_URL: `postgres://me:secret@${host}/fleet`,
    DATABASE_CONNECT_TIMEOUT_MS: '500',
  })
  return await createPostgresDatabase(createPostgresConfig(env))
    .open()
    .then(
      () => new Error('it opened'),
      (error: Error) => error,
    )
}

// A wrong password and a database that isn't there need the real one: test/live/start-order.test.ts.
const hosts: [name: string, reason: RegExp, host: (t: Test) => string | Promise<string>][] = [
  ['nobody listens', /connect ECONNREFUSED 127.0.0.1:1/, () => DEAD],
  ['no such host is', /getaddrinfo (ENOTFOUND|EAI_AGAIN) db.invalid/, () => 'db.invalid:5432'],
  [
    'a web server is',
    /Connection terminated unexpectedly/,
    async (t) => (await serve(t, (_path, response) => void response.end('hello'))).address,
  ],
  [
    'nobody answers',
    /Connection terminated due to connection timeout/,
    (t) => {
      const server = createServer((socket) => socket.on('error', () => undefined).resume())
      return listen(t, server)
    },
  ],
]
for (const [name, reason, findHost] of hosts) {
  t.test(`DATABASE_URL where ${name}`, async (t) => {
    const host = await findHost(t)
    const failure = await openDatabase(host)
    t.match(failure, { kind: 'unavailable' }, 'it may come yet')
    const [before, after = ''] = failure.message.split(': Database: ')
    t.equal(before, `Can't open the database at ${host}/fleet`)
    t.match(after, reason)
    t.ok(after.endsWith('; is it running, and is DATABASE_URL right?'))
  })
}
