import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { startFleetgrid } from '../helpers/fleetgrid.ts'

// What the routes of charging have in common, by requests as clients send them.

const ORIGIN = 'https://operators.example'
t.test('requests of charging', async (t) => {
  const service = await startFleetgrid(t, {
    ...{ FLEETGRID_ROLES: 'charging', HTTP_CORS_ORIGINS: ORIGIN },
  })
  const token = await service.token('operator')

  /** With the path as it is: `fetch` would resolve its dots. */
  async function send(method: string, path: string, body: unknown, headers: object = {}) {
    const sent = request(`${service.httpUrl}`, {
      ...{ method, path },
      headers: {
        ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...headers,
      },
    })
    sent.end(typeof body === 'string' ? body : JSON.stringify(body))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const text = Buffer.concat(await answer.toArray()).toString()
    const { statusCode: status, headers: answered } = answer
    return { status, headers: answered, body: text === '' ? undefined : JSON.parse(text) }
  }

  t.test('ids that no URL can name are refused', async (t) => {
    for (const id of ['%2E%2E', '%2e', 'a%3Ab', 'a%00', 'a%0Ab']) {
      t.match(await send('PUT', `/charge-points/${id}`, {}), { status: 400 }, id)
    }
    for (const id of ['...', '.a', 'a%2Fb', '..%2F', 'RDAM%20123']) {
      t.match(await send('PUT', `/charge-points/${id}`, {}), { status: 200 }, id)
      t.match(await service.get(`/charge-points/${id}`), { status: 200 }, id)
    }
  })

  t.test('a body has its own types: nothing is made of what has another one', async (t) => {
    const wrong: [path: string, body: object, field: RegExp][] = [
      ['/id-tokens/A', { concurrentMax: null }, /concurrentMax must be integer/],
      ['/id-tokens/A', { concurrentMax: '2' }, /concurrentMax/],
      ['/id-tokens/A', { concurrentMax: true }, /concurrentMax/],
      ['/id-tokens/A', { isBlocked: null }, /isBlocked must be boolean/],
      ['/id-tokens/A', { isBlocked: 'false' }, /isBlocked/],
      ['/id-tokens/A', { note: null }, /note must be string/],
      ['/id-tokens/A', { groupId: 7 }, /groupId/],
      ['/charge-points/A', { securityProfileMin: '0' }, /securityProfileMin/],
      ['/charge-points/A', { note: 5 }, /note/],
    ]
    for (const [path, body, detail] of wrong) {
      t.match(
        await send('PUT', path, body),
        { status: 400, body: { detail } },
        JSON.stringify(body),
      )
    }
    t.equal((await service.get('/id-tokens/A')).status, 404)
    t.equal(
      (await send('PUT', '/charge-points/A', { key: null })).status,
      200,
      'null has a meaning',
    )
    const parameters = { evseId: '1', tokenUid: 'CARD' }
    const command = { kind: 'start-charging', parameters }
    t.match(await send('POST', '/charge-points/A/commands', command), { status: 400 })
    const list = await service.get('/charge-points?limit=1&connected=false')
    t.match(list, { status: 200 }, 'a query is text')
    t.match(await service.get('/charge-points?limit=x'), { status: 400 })
  })

  t.test('a body of another type: what to send instead', async (t) => {
    const answer = await send('PUT', '/id-tokens/A', '<x/>', { 'content-type': 'application/xml' })
    t.match(answer, { status: 415, body: { detail: /content-type: application\/json/ } })
  })

  t.test('a browser may do whatever the routes do', async (t) => {
    const { paths } = (await service.get('/docs/json')).body
    const used = Object.values(paths as object).flatMap((path) => Object.keys(path))
    const headers = { origin: ORIGIN, 'access-control-request-method': 'PUT' }
    const preflight = await send('OPTIONS', '/id-tokens/A', '', headers)
    const allowed = String(preflight.headers['access-control-allow-methods']).split(/, ?/)
    for (const method of new Set(used)) t.ok(allowed.includes(method.toUpperCase()), method)
    const exposed = (await send('GET', '/id-tokens', '', { origin: ORIGIN })).headers
    t.match(exposed['access-control-expose-headers'], /location/)
  })

  t.test('Idempotency-Key: the same command, or 409', async (t) => {
    await send('PUT', '/charge-points/KEYS', {})
    const path = '/charge-points/KEYS/commands'
    const body = { kind: 'reset', parameters: { how: 'immediate' } }
    const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6e32f9a44b6d"' }
    const first = await send('POST', path, body, key)
    t.match(first, { status: 202, body: { state: 'queued' } })
    t.notOk('idempotencyKey' in first.body)
    const again = await send('POST', path, body, key)
    t.strictSame(
      [again.status, again.body, again.headers.location],
      [...[202, first.body, first.headers.location]],
    )
    const other = { kind: 'reset', parameters: { how: 'on-idle' } }
    t.match(await send('POST', path, other, key), { status: 409, body: { detail: /idempotency/ } })
    t.not((await send('POST', path, body)).body.id, first.body.id, 'without one it is another')
    t.equal((await send('POST', path, body, { 'idempotency-key': 'x'.repeat(256) })).status, 400)
    const reserve = { tokenUid: 'CARD', evseId: 1, expiresAt: '2126-11-21T10:00:00Z' }
    const reservations = '/charge-points/KEYS/reservations'
    const reserved = await send('POST', reservations, reserve, { 'idempotency-key': 'r' })
    t.equal(reserved.status, 202)
    const same = await send('POST', reservations, reserve, { 'idempotency-key': 'r' })
    t.strictSame(same.body, reserved.body)
  })
})
