import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createWebhookCheck } from '../../src/charging/webhook-rules.ts'
import { type CommandInstance, createCommandWorld } from '../helpers/command-world.ts'
import { until } from '../helpers/until.ts'

const SECRET = 'a secret of at least 32 characters'

interface Post {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string | undefined
}

/** Somebody who wants to know. `answer` ends each response. */
async function startReceiver(t: Test, answer: (response: ServerResponse) => void) {
  const posts: Post[] = []
  const server = createServer(async (request, response) => {
    const { headers, url: path } = request
    posts.push({ headers, path, body: await text(request) })
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { posts, host, url: `http://${host}/hook` }
}

const ok = (response: ServerResponse) => void response.end('thanks')

async function askWith(one: CommandInstance, webhookUrl: string) {
  return one.commands.request('A', { kind: 'clear-cache', parameters: {}, webhookUrl })
}

function webhookOf(one: CommandInstance, id: string) {
  return async () => (await one.commands.wait(id, 0))?.webhook
}

t.test('whoever wants to know gets the command, signed', async (t) => {
  const world = await createCommandWorld(t)
  const receiver = await startReceiver(t, ok)
  const webhooks = { hosts: new Set([receiver.host]), secret: SECRET }
  const one = world.instance('one', { webhooks })
  await one.connect('A')
  const { id } = await askWith(one, receiver.url)
  await until(async () => (await webhookOf(one, id)())?.state === 'delivered')
  t.equal(receiver.posts.length, 1)
  const [{ body = '', headers = {} } = {}] = receiver.posts
  t.match(JSON.parse(body), { id, state: 'accepted', answer: { status: 'Accepted' } })
  t.match(headers, { 'content-type': 'application/json' })
  const [, seconds, hash] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
    String(headers['fleetgrid-signature']),
  ) ?? ['']
  t.equal(hash, createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'))
  t.ok(Math.abs(Number(seconds) * 1000 - Date.now()) < 60_000)
  t.match(one.events.at(-1), { kind: 'webhook', outcome: 'delivered' })
})

t.test('again and again, later and later, and given up after a day', async (t) => {
  const world = await createCommandWorld(t)
  let status = 503
  const receiver = await startReceiver(t, (response) => {
    // Somewhere else is not followed, and an answer without end is not read.
    response.writeHead(status, { location: 'http://127.0.0.1:1/' })
    response.write('x')
  })
  const webhooks = { hosts: new Set([receiver.host]), secret: SECRET }
  const one = world.instance('one', { webhooks })
  await one.connect('A')
  const { id } = await askWith(one, receiver.url)
  const webhook = webhookOf(one, id)
  await until(async () => (await webhook())?.lastError === 'HTTP 503')
  t.match(await webhook(), { state: 'waiting', attempts: 1 })
  status = 302
  world.clock.ahead = 5000
  await until(async () => (await webhook())?.lastError === 'HTTP 302')
  t.match(await webhook(), { state: 'waiting', attempts: 2 })
  world.clock.ahead = 24 * 3_600_000
  await until(async () => (await webhook())?.state === 'failed')
  t.match(await webhook(), { attempts: 3, lastError: 'HTTP 302' })
  t.equal(receiver.posts.length, 3)
})

t.test('whoever does not answer is left alone, so that others are not waited for', async (t) => {
  const world = await createCommandWorld(t)
  const receiver = await startReceiver(t, (response) => void response.destroy())
  const webhooks = { hosts: new Set([receiver.host]), secret: SECRET }
  const one = world.instance('one', { webhooks })
  await one.connect('A')
  const first = webhookOf(one, (await askWith(one, receiver.url)).id)
  await until(async () => (await first())?.lastError !== undefined)
  t.notMatch((await first())?.lastError, /moment ago/)
  const posts = receiver.posts.length
  const second = webhookOf(one, (await askWith(one, receiver.url)).id)
  await until(async () => (await second())?.lastError !== undefined)
  t.match(await second(), { state: 'waiting', lastError: /did not answer a moment ago/ })
  t.equal(receiver.posts.length, posts)
  world.clock.ahead = 10_000
  await until(() => receiver.posts.length > posts)
})

t.test('who stops begins nothing new; another instance tells what is left', async (t) => {
  const world = await createCommandWorld(t)
  const hanging: ServerResponse[] = []
  const receiver = await startReceiver(t, (response) => {
    if (hanging.length === 0) hanging.push(response)
    else response.end()
  })
  const webhooks = { hosts: new Set([receiver.host]), secret: SECRET }
  const one = world.instance('one', { webhooks })
  await one.connect('A')
  const { id } = await askWith(one, receiver.url)
  await until(() => hanging.length === 1)
  await one.drain(0)
  t.match(await webhookOf(one, id)(), { state: 'waiting', attempts: 1 })
  const later = await askWith(one, receiver.url)
  await one.ended(later.id)
  t.match(await webhookOf(one, later.id)(), { attempts: 0 })
  world.clock.ahead = 60_000
  const other = world.instance('other', { webhooks })
  for (const one of [id, later.id]) {
    await until(async () => (await webhookOf(other, one)())?.state === 'delivered')
  }
  t.equal(receiver.posts.length, 3)
})

t.test('stopping waits for an attempt that is under way', async (t) => {
  const world = await createCommandWorld(t)
  const hanging: ServerResponse[] = []
  const receiver = await startReceiver(t, (response) => void hanging.push(response))
  const webhooks = { hosts: new Set([receiver.host]), secret: SECRET }
  const one = world.instance('one', { webhooks })
  await one.connect('A')
  const { id } = await askWith(one, receiver.url)
  await until(() => hanging.length === 1)
  const drained = one.drain(10_000)
  hanging[0]?.end()
  await drained
  t.match(await webhookOf(one, id)(), { state: 'delivered' })
})

t.test('whom the configuration does not name any more is not called', async (t) => {
  const world = await createCommandWorld(t)
  const receiver = await startReceiver(t, ok)
  const { host, url } = receiver
  const one = world.instance('one', { webhooks: { hosts: new Set([host]), secret: SECRET } })
  await one.drain(0)
  await one.connect('A')
  const { id } = await askWith(one, url)
  await one.ended(id)
  const other = world.instance('other')
  await until(async () => (await webhookOf(other, id)())?.attempts === 1)
  t.match(await webhookOf(other, id)(), { state: 'waiting' })
  t.equal(receiver.posts.length, 0)
})

const hosts = new Set([
  'example.com',
  'example.com:8443',
  '127.0.0.1:90',
  '[::1]:90',
  'localhost:90',
])
const check = createWebhookCheck({ hosts })

t.test('webhooks that are allowed', async (t) => {
  for (const url of [
    'https://example.com/hook?of=1',
    'https://EXAMPLE.com:443',
    'https://example.com:8443/',
    // To URL, which also decides who is called, it is a path.
    'https://example.com\\@evil.test/',
    'http://127.0.0.1:90/',
    'http://[::1]:90/',
    'http://localhost:90/',
    'https://localhost:90/',
  ]) {
    t.doesNotThrow(() => check(url), url)
  }
})

t.test('webhooks that are refused, with the reason', async (t) => {
  const wrong: [url: string, reason: RegExp][] = [
    ['example.com', /no URL/],
    ['http://example.com/', /must begin with https/],
    ['ftp://example.com/', /must begin with https/],
    ['file:///etc/passwd', /must begin with https/],
    ['https://me:secret@example.com/', /no password/],
    ['https://example.com:9443/', /WEBHOOK_HOSTS doesn’t name example.com:9443/],
    ['https://example.com.evil.test/', /doesn’t name/],
    ['https://example.com@evil.test/', /no password/],
    ['https://evil.test/#example.com', /doesn’t name evil.test/],
    ['http://169.254.169.254/latest/meta-data', /must begin with https/],
    ['https://169.254.169.254/', /doesn’t name/],
    ['http://127.0.0.1.evil.test:90/', /must begin with https/],
    ['http://2130706433:91/', /doesn’t name 127.0.0.1:91/],
  ]
  for (const [url, reason] of wrong) {
    t.throws(() => check(url), reason, url)
  }
  const none = createWebhookCheck({ hosts: new Set() })
  t.throws(() => none('https://example.com/'), /variable WEBHOOK_HOSTS names no/)
})
