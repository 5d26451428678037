import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import { type ErrorKind, FleetgridError } from '../../src/domain/errors.ts'
import { toAnswer } from '../../src/http/errors.ts'
import { startTestApp } from '../helpers/app.ts'

t.test('live and ready say what they mean', async (t) => {
  let problems: string[] = []
  const health = { check: async () => problems }
  const { get } = await startTestApp(t, { deps: { health } })
  t.strictSame((await get('/ready', { role: 'none' })).json(), { status: 'ready', problems: [] })
  problems = ['fleet index: the disk is full', 'this instance is stopping']
  const refused = await get('/ready', { role: 'none' })
  t.equal(refused.statusCode, 503)
  t.strictSame(refused.json(), { status: 'not-ready', problems })
  t.equal((await get('/live', { role: 'none' })).statusCode, 200)
})

t.test('a check that fails is a problem, not an error', async (t) => {
  const health = { check: () => Promise.reject(new Error('secret detail')) }
  const { get } = await startTestApp(t, { deps: { health } })
  const { statusCode, body } = await get('/ready', { role: 'none' })
  t.equal(statusCode, 503)
  t.notMatch(body, /secret/)
})

t.test('while it starts, operations answer and all else is to be tried again', async (t) => {
  let starting: string | undefined = 'this instance is starting: it loads the registry'
  const { app, get } = await startTestApp(t, { deps: { starting: () => starting } })
  for (const url of ['/live', '/ready', '/metrics']) {
    t.equal((await get(url, { role: 'none' })).statusCode, 200, url)
  }
  for (const url of ['/vehicles/VIN-A', '/dead-letters', '/docs', '/docs/json', '/nope']) {
    const refused = await get(url)
    t.equal(refused.statusCode, 503, url)
    t.ok(refused.headers['retry-after'])
    t.match(refused.json(), { status: 503, detail: /starting/ })
  }
  await t.rejects(app.injectWS('/mqtt'), /503/)
  starting = undefined
  t.equal((await get('/vehicles/VIN-A')).statusCode, 404)
})

t.test('requests are measured by route pattern', async (t) => {
  const { get } = await startTestApp(t)
  await get('/vehicles/VIN-SECRET')
  await get('/no/such/route')
  const { body, headers } = await get('/metrics', { role: 'none' })
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(
    body,
    /http_request_seconds_count\{method="GET",route="\/vehicles\/:vin",status="404"\} 1/,
  )
  t.match(body, /http_request_seconds_count\{method="GET",route="none",status="404"\} 1/)
  t.notMatch(body, /VIN-SECRET/)
})

t.test('each request has an id, its caller’s where that is a decent one', async (t) => {
  const { get, logLines } = await startTestApp(t)
  const given = await get('/vehicles/a', { headers: { 'x-request-id': 'trace-1.2' } })
  t.equal(given.headers['x-request-id'], 'trace-1.2')
  t.equal(given.json().requestId, 'trace-1.2')
  t.ok(logLines.some(({ reqId }) => reqId === 'trace-1.2'))
  const odd = await get('/live', { headers: { 'x-request-id': 'a b\tc' } })
  t.match(odd.headers['x-request-id'], /^[0-9a-f-]{36}$/)
})

t.test('tokens never reach the log', async (t) => {
  const { app, token, logLines } = await startTestApp(t)
  const text = token('viewer')
  for (const authorization of [`Bearer ${text}`, `Bearer ${text}x`]) {
    for (const url of ['/vehicles/a', '/dead-letters', '/nope']) {
      await app.inject({ url, headers: { authorization } })
    }
  }
  t.ok(logLines.length > 0)
  t.notMatch(JSON.stringify(logLines), new RegExp(text.slice(-40, -1)))
})

t.test('too many requests of one caller are 429, others and operations go on', async (t) => {
  const { app, token } = await startTestApp(t, { rateLimitPerSecond: 3 })
  const ask = (subject: string, url = '/vehicles/VIN-A') =>
    app.inject({ url, headers: { authorization: `Bearer ${token('viewer', subject)}` } })
  const statuses: number[] = []
  while (!statuses.includes(429) && statuses.length < 50) {
    statuses.push((await ask('greedy')).statusCode)
  }
  t.ok(statuses.length >= 4)
  const refused = await ask('greedy')
  if (refused.statusCode === 429) {
    t.ok(refused.headers['retry-after'])
    t.match(refused.json(), { title: 'Too Many Requests', status: 429 })
  }
  t.equal((await ask('modest')).statusCode, 404)
  for (const url of ['/live', '/ready', '/metrics']) {
    for (let count = 0; count < 10; count += 1) t.equal((await ask('greedy', url)).statusCode, 200)
  }
  const lost: number[] = []
  while (!lost.includes(429) && lost.length < 50) {
    lost.push((await app.inject({ url: '/nope' })).statusCode)
  }
  t.ok(lost.includes(429), 'unknown paths too, by address')
  const anonymous: number[] = []
  while (!anonymous.includes(429) && anonymous.length < 50) {
    anonymous.push((await app.inject({ url: '/dead-letters' })).statusCode)
  }
  t.ok(anonymous.includes(429), 'and callers without a token')
})

t.test('behind a trusted proxy the limit is per client, and nobody else can pretend', async (t) => {
  const fill = async (trustedProxies: string[], remoteAddress: string) => {
    const { app } = await startTestApp(t, { rateLimitPerSecond: 2, trustedProxies })
    const statuses: number[] = []
    for (let client = 1; client <= 20; client += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${client}` }
      statuses.push((await app.inject({ url: '/nope', headers, remoteAddress })).statusCode)
    }
    return statuses.includes(429)
  }
  t.notOk(await fill(['10.0.0.0/8'], '10.1.2.3'), 'twenty clients behind one proxy')
  t.ok(await fill(['10.0.0.0/8'], '192.0.2.1'), 'one client that makes up twenty')
})

t.test('the documentation works under its policy', async (t) => {
  const { get } = await startTestApp(t)
  const page = await get('/docs', { role: 'none' })
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], /script-src 'self'/)
  t.notMatch(page.headers['content-security-policy'], /upgrade-insecure-requests/)
  for (const [, path = ''] of page.body.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)) {
    t.equal((await get(path, { role: 'none' })).statusCode, 200, path)
  }
  t.match((await get('/live')).headers, {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  })
})

const kinds: readonly [ErrorKind, number][] = [
  ['malformed', 400],
  ['invalid', 400],
  ['unauthenticated', 401],
  ['forbidden', 403],
  ['not-found', 404],
  ['conflict', 409],
  ['unsupported', 501],
  ['unavailable', 503],
]
for (const [kind, status] of kinds) {
  t.test(`${kind} is ${status}, and its own message stays inside`, async (t) => {
    const answer = toAnswer(new FleetgridError(kind, 'SQL at 10.0.0.1'))
    t.equal(answer.status, status)
    t.notMatch(answer.detail, /SQL/)
    const shown = toAnswer(new FleetgridError(kind, 'x', { publicMessage: 'for you' }))
    t.equal(shown.detail, 'for you')
  })
}

t.test('a bug is 500, logged once, and tells nothing', async (t) => {
  const { index, get, logLines } = await startTestApp(t)
  index.latestVehicle = () => Promise.reject(new Error('secret detail'))
  const response = await get('/vehicles/VIN-A')
  t.equal(response.statusCode, 500)
  t.notMatch(response.body, /secret/)
  const errors = logLines.filter(({ level }) => Number(level) >= 50)
  t.equal(errors.length, 1)
  t.match(errors[0], { err: { message: 'secret detail' }, status: 500, route: '/vehicles/:vin' })
})

t.test('an index that is away is 503 with Retry-After', async (t) => {
  const { index, get, logLines } = await startTestApp(t)
  await index.close()
  const response = await get('/vehicles/VIN-A')
  t.equal(response.statusCode, 503)
  t.ok(response.headers['retry-after'])
  t.notOk(logLines.some(({ level }) => Number(level) >= 50))
})

t.test('what is no request gets an answer all the same', async (t) => {
  const { app, token } = await startTestApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const send = async (text: string): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setEncoding('utf8')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
  t.match(await send('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*problem\+json/)
  const long = (length: number) =>
    `GET /vehicles/filter?filters=${'x'.repeat(length)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token('viewer')}\r\n\r\n`
  t.match(await send(long(70_000)), /^HTTP\/1\.1 431 /)
  t.match(await send(long(60_000)), /^HTTP\/1\.1 400 [\s\S]*not JSON/)
})

t.test('a body or a URL that can’t be read is a problem', async (t) => {
  const { app, token, get } = await startTestApp(t)
  const headers = { authorization: `Bearer ${token('operator')}` }
  const post = (payload: string, type: string) =>
    app.inject({
      method: 'POST',
      url: '/dead-letters/x/redrive',
      headers: { ...headers, 'content-type': type },
      payload,
    })
  t.equal((await post('x'.repeat(1_100_000), 'application/json')).statusCode, 413)
  t.equal((await post('{', 'application/json')).statusCode, 400)
  t.equal((await post('<x/>', 'application/xml')).statusCode, 415)
  const bad = await get('/vehicles/%zz')
  t.equal(bad.statusCode, 400)
  t.equal(bad.headers['content-type'], 'application/problem+json; charset=utf-8')
})
