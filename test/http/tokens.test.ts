import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createKeys, type Keys } from '../../src/http/auth.ts'
import { loadKeyPair, signToken } from '../../src/http/local-keys.ts'
import { startTestApp } from '../helpers/app.ts'

const NOW_S = Math.floor(Date.now() / 1000)
const ISSUER = 'https://issuer.example'
const CLIENT = 'client-1'

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Key {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

function createKey(kid: string): Key {
  return { kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
}

const claims = (more: object = {}) => ({
  sub: 'somebody',
  iss: ISSUER,
  client_id: CLIENT,
  exp: NOW_S + 600,
  'cognito:groups': ['viewer'],
  ...more,
})

function token(key: Key, payload: object = claims(), header: object = {}): string {
  const input = `${base64({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })}.${base64(payload)}`
  const digest = 'alg' in header ? 'sha512' : 'sha256'
  return `${input}.${sign(digest, Buffer.from(input), key.privateKey).toString('base64url')}`
}

/** Signed with the public key as if it were a shared secret: the classic confusion. */
function confusedToken(key: Key): string {
  const input = `${base64({ alg: 'HS256', kid: key.kid })}.${base64(claims())}`
  const secret = key.publicKey.export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const unsigned = `${base64({ alg: 'none', kid: 'key-1' })}.${base64(claims())}.`

/** An issuer whose key set can be changed, broken and counted. */
async function startIssuer(t: { after(fn: () => unknown): void }) {
  const issuer = {
    keys: [] as Key[],
    answer: undefined as string | undefined,
    hits: 0,
    status: 200,
  }
  const server: Server = createServer((_request, response) => {
    issuer.hits += 1
    const keys = issuer.keys.map(({ kid, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg: 'RS256',
      use: 'sig',
    }))
    response.writeHead(issuer.status, { 'content-type': 'application/json' })
    response.end(issuer.answer ?? JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  t.after(close)
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  const clock = { time: Date.now(), now: () => clock.time }
  const keys = createKeys({ provider: 'jwks', jwksUrl, issuer: ISSUER, audience: CLIENT }, clock)
  return { issuer, keys, clock, close }
}

const first = createKey('key-1')
const second = createKey('key-2')

const tokens: readonly [name: string, text: string, refusal: RegExp | undefined][] = [
  ['an access token', token(first), undefined],
  ['an id token', token(first, claims({ client_id: undefined, aud: CLIENT })), undefined],
  ['one of several audiences', token(first, claims({ aud: ['x', CLIENT] })), undefined],
  ['nothing', '', /not valid/],
  ['no token', 'x', /not valid/],
  ['three dots', 'a.b.c', /not valid/],
  ['far too long', 'x'.repeat(9000), /too long|not valid/],
  ['expired', token(first, claims({ exp: NOW_S - 60 })), /has expired/],
  ['not yet valid', token(first, claims({ nbf: NOW_S + 60 })), /not valid/],
  ['no expiry', token(first, claims({ exp: undefined })), /exp claim is required/],
  ['no subject', token(first, claims({ sub: undefined })), /sub claim is required/],
  ['an empty subject', token(first, claims({ sub: '' })), /no subject/],
  ['another issuer', token(first, claims({ iss: 'https://evil.example' })), /iss claim/],
  ['no issuer', token(first, claims({ iss: undefined })), /iss claim is required/],
  ['another client', token(first, claims({ client_id: 'x' })), /another audience/],
  ['another audience', token(first, claims({ aud: 'x' })), /another audience/],
  ['alg none', unsigned, /not valid/],
  ['HS256 with the public key', confusedToken(first), /not valid/],
  ['RS512', token(first, claims(), { alg: 'RS512' }), /not valid/],
  ['another key of the same name', token({ ...second, kid: 'key-1' }), /not valid/],
  ['an unknown key', token(createKey('key-9')), /unknown key/],
  ['no key id', token(first, claims(), { kid: undefined }), /no kid/],
  [
    'changed claims',
    token(first).replace(/\..*\./, `.${base64(claims({ sub: 'root' }))}.`),
    /not valid/,
  ],
]

t.test('tokens of an issuer, at both edges', async (t) => {
  const { issuer, keys } = await startIssuer(t)
  issuer.keys = [first]
  const { app } = await startTestApp(t, { deps: { keys } })
  for (const [name, text, refusal] of tokens) {
    const headers = { authorization: `Bearer ${text}` }
    const response = await app.inject({ url: '/vehicles/VIN-X', headers })
    if (refusal === undefined) {
      t.match(await keys.verifyToken(text), {
        subject: 'somebody',
        expiresAt: (NOW_S + 600) * 1000,
      })
      t.equal(response.statusCode, 404, `${name} passes`)
      continue
    }
    await t.rejects(keys.verifyToken(text), { kind: 'unauthenticated', message: refusal }, name)
    t.equal(response.statusCode, 401, `${name} is refused`)
    t.match(response.headers['www-authenticate'], /^Bearer realm="fleetgrid"/)
    t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
  }
  t.ok(issuer.hits <= 2, `${issuer.hits} requests for all of them`)
})

t.test('why a token is refused stands in WWW-Authenticate, as RFC 6750 has it', async (t) => {
  const { app } = await startTestApp(t)
  const ask = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization }
    return (await app.inject({ url: '/vehicles/VIN-X', headers })).headers['www-authenticate']
  }
  t.equal(await ask(), 'Bearer realm="fleetgrid"')
  t.equal(await ask('Basic dTpw'), 'Bearer realm="fleetgrid"')
  t.match(await ask('Bearer x'), /error="invalid_token", error_description="The token is not valid/)
  t.match(await ask('Bearer a b'), /error="invalid_token"/)
})

t.test('roles come from cognito:groups; unknown ones mean nothing', async (t) => {
  const { issuer, keys } = await startIssuer(t)
  issuer.keys = [first]
  const rolesOf = async (groups: unknown) => {
    const caller = await keys.verifyToken(token(first, claims({ 'cognito:groups': groups })))
    return [...caller.roles]
  }
  t.strictSame(await rolesOf(['operator', 'boss', 7, 'device']), ['operator', 'device'])
  t.strictSame(await rolesOf('admin'), [])
  t.strictSame(await rolesOf(undefined), [])
})

t.test('a rotated key is found, and unknown keys don’t hammer the issuer', async (t) => {
  const { issuer, keys, clock } = await startIssuer(t)
  issuer.keys = [first]
  await Promise.all([1, 2, 3].map(() => keys.verifyToken(token(first))))
  t.equal(issuer.hits, 1, 'one request for all that wait')
  issuer.keys = [first, second]
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const forged = token({ ...first, kid: `made-up-${attempt}` })
    await t.rejects(keys.verifyToken(forged), { message: /unknown key/ })
  }
  await t.rejects(keys.verifyToken(token(second)), { message: /unknown key/ }, 'too soon to ask')
  t.equal(issuer.hits, 1)
  clock.time += 31_000
  t.ok(await keys.verifyToken(token(second)))
  t.equal(issuer.hits, 2)
})

t.test('a key that was taken back stops working when the set is fetched anew', async (t) => {
  const { issuer, keys, clock } = await startIssuer(t)
  issuer.keys = [first, second]
  await keys.verifyToken(token(first))
  issuer.keys = [second]
  clock.time += 601_000
  await keys.verifyToken(token(first))
  await keys.open()
  await t.rejects(keys.verifyToken(token(first)), { message: /unknown key/ })
})

t.test('an issuer that is away: 503, then service from what is known, then recovery', async (t) => {
  const { issuer, keys, clock } = await startIssuer(t)
  const { app } = await startTestApp(t, { deps: { keys } })
  const status = async () => {
    const headers = { authorization: `Bearer ${token(first)}` }
    return app.inject({ url: '/vehicles/VIN-X', headers })
  }
  issuer.status = 500
  const refused = await status()
  t.equal(refused.statusCode, 503)
  t.ok(refused.headers['retry-after'])
  t.notOk(refused.headers['www-authenticate'])
  t.notMatch(refused.body, /127\.0\.0\.1/)
  await status()
  t.equal(issuer.hits, 1, 'not asked again at once')
  issuer.status = 200
  issuer.keys = [first]
  clock.time += 2000
  t.equal((await status()).statusCode, 404)
  issuer.status = 500
  clock.time += 3_600_000
  t.equal((await status()).statusCode, 404, 'known keys keep working')
  clock.time += 86_400_000
  t.equal((await status()).statusCode, 503, 'but not for ever')
})

t.test('what is no key set is refused', async (t) => {
  const weird = [
    '{',
    '[]',
    '{"keys":[]}',
    '{"keys":[{"kid":"key-1","kty":"oct","k":"AAAA"}]}',
    '{"keys":[{"kid":"key-1","kty":"RSA","n":"!","e":"AQAB"}]}',
    `{"keys":[],"x":"${'x'.repeat(300_000)}"}`,
  ]
  for (const answer of weird) {
    const { issuer, keys } = await startIssuer(t)
    issuer.answer = answer
    await t.rejects(keys.verifyToken(token(first)), { message: /^key set: / }, answer.slice(0, 50))
  }
  const { keys, close } = await startIssuer(t)
  await close()
  await t.resolves(keys.open(), 'the service starts all the same')
  await t.rejects(keys.verifyToken(token(first)), { message: /^key set: / }, 'nobody listens')
})

t.test('the local key pair is made once, for the owner’s eyes only', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'fleetgrid-keys-'))
  t.after(() => rm(dir, { recursive: true }))
  const keyDir = join(dir, 'deep', 'keys')
  const pairs = await Promise.all(Array.from({ length: 4 }, () => loadKeyPair(keyDir)))
  t.equal(
    new Set(pairs.map(({ privateKey }) => privateKey)).size,
    1,
    'all that start at once share it',
  )
  t.strictSame(await readdir(keyDir), ['token-key.pem'], 'nothing is left behind')
  t.equal((await stat(join(keyDir, 'token-key.pem'))).mode & 0o777, 0o600)
  const keys: Keys = createKeys({
    provider: 'local-keys',
    keyDir,
    issuer: undefined,
    audience: undefined,
  })
  await keys.open()
  const pair = await loadKeyPair(keyDir)
  const request = { subject: 'ecu-1', roles: ['device' as const], lifetimeMs: 60_000 }
  const caller = await keys.verifyToken(signToken(pair, request))
  t.equal(caller.subject, 'ecu-1')
  t.strictSame([...caller.roles], ['device'])
})
