import { once } from 'node:events'
import { get } from 'node:http'
import type { FastifyPluginAsync } from 'fastify'
import t, { type Test } from 'tap'
import { idTokenRoutes } from '../../src/charging/routes/id-token-routes.ts'
import { readingRoutes } from '../../src/charging/routes/reading-routes.ts'
import { IdTokenItem, TransactionItem } from '../../src/charging/routes/schemas.ts'
import { transactionRoutes } from '../../src/charging/routes/transaction-routes.ts'
import { requireRole } from '../../src/http/authenticate.ts'
import type { ChargingTransactions } from '../../src/ports/charging-transactions.ts'
import type { IdTokens } from '../../src/ports/id-tokens.ts'
import { AT, event, PLACE, reading, start, stopOf } from '../contracts/charging-transactions.ts'
import { startTestApp } from '../helpers/app.ts'
import { createChargingWorld, NOW } from '../helpers/charging-world.ts'
import { until } from '../helpers/until.ts'

// An operator's look at transactions and readings, and what becomes of those that were forgotten.

interface Served {
  readonly transactions: ChargingTransactions
  readonly idTokens?: IdTokens
}

async function serve(t: Test, { transactions, idTokens }: Served) {
  const routes: FastifyPluginAsync = async (app) => {
    requireRole(app, 'operator')
    for (const schema of [TransactionItem, IdTokenItem]) app.addSchema(schema)
    await app.register(transactionRoutes, { transactions })
    await app.register(readingRoutes, { transactions })
    if (idTokens !== undefined) await app.register(idTokenRoutes, { idTokens })
  }
  const upgrades = { prefix: '/ocpp/', upgrade: () => undefined }
  const { app, token } = await startTestApp(t, { deps: { charging: { upgrades, routes } } })
  const authorization = `Bearer ${token('operator')}`
  return {
    app,
    authorization,
    async ask(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
      const body = payload === undefined ? {} : { payload }
      const answer = await app.inject({ method, url, headers: { authorization }, ...body })
      const isJson = String(answer.headers['content-type']).includes('json')
      return { status: answer.statusCode, body: isJson ? answer.json() : answer.body }
    },
  }
}

t.test('one that was never stopped is shown as lost, and closed', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const { number = 0 } = await stores.transactions.start(start())
  await stores.transactions.start(start({ at: AT + 5, tokenUid: 'Other' }))
  t.match(await ask('GET', '/transactions?lost=true'), {
    body: { transactions: [{ number, state: 'lost' }], next: null },
  })
  t.match(await ask('GET', '/transactions?open=true'), {
    body: { transactions: [{ state: 'running' }, { state: 'lost' }] },
  })
  t.equal((await ask('GET', '/transactions?lost=false')).status, 400)
  const path = `/transactions/${number}/close`
  t.equal((await ask('POST', path, {})).status, 400, 'without a reason')
  const closed = { state: 'closed', closeReason: 'gone', closedAt: new Date(NOW).toISOString() }
  t.match(await ask('POST', path, { reason: 'gone' }), { status: 200, body: closed })
  t.match(await ask('POST', path, { reason: 'again' }), { status: 200, body: closed })
  t.equal((await ask('POST', '/transactions/999999/close', { reason: 'gone' })).status, 404)
  t.equal((await ask('POST', '/transactions/none/close', { reason: 'gone' })).status, 404)
  await stores.transactions.stop({ ...stopOf(number), readings: [] })
  const stopped = { state: 'stopped', energyWh: 50, stoppedAt: new Date(AT + 60).toISOString() }
  const id = encodeURIComponent(`yard/1/${number}`)
  t.match(await ask('GET', `/transaction?id=${id}`), { body: { ...stopped, closeReason: 'gone' } })
})

t.test('one of 2.0.1 is closed by its id', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const { id } = await stores.transactions.record(event({ ownId: 'own / 1' }))
  const path = `/transactions/${encodeURIComponent(id)}/close`
  t.match(await ask('POST', path, { reason: 'gone' }), { body: { id, state: 'closed' } })
})

t.test('a meter that goes backwards says nothing of the energy', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const { number = 0 } = await stores.transactions.start(start({ meterStartWh: 1e6 }))
  await stores.transactions.stop({ ...stopOf(number), readings: [] })
  const { body } = await ask('GET', '/transactions')
  t.match(body.transactions, [{ meterStartWh: 1e6, meterStopWh: 150 }])
  t.equal(body.transactions[0].energyWh, undefined)
})

t.test('meter values of one moment are on several pages', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const { number, id } = await stores.transactions.start(start())
  // Of a clock that was never set.
  const readings = Array.from({ length: 25 }, (_, n) => reading(0, n))
  await stores.transactions.addReadings(PLACE, number, readings)
  const path = `/transaction/meter-values?id=${encodeURIComponent(id)}&limit=10`
  t.strictSame(await pagesOf(ask, path), [10, 10, 5])
})

t.test('meter values outside of transactions', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const readings = Array.from({ length: 25 }, (_, n) => reading(AT + n, n))
  const add = (evseId: number) =>
    stores.transactions.addReadings({ ...PLACE, evseId }, undefined, readings)
  await Promise.all([add(1), add(2)])
  const path = '/charge-points/yard%2F1/readings'
  t.strictSame(await pagesOf(ask, `${path}?limit=20`), [20, 20, 10])
  const from = encodeURIComponent(new Date(AT + 5).toISOString())
  const before = encodeURIComponent(new Date(AT + 7).toISOString())
  const { body } = await ask('GET', `${path}?evseId=2&connectorId=1&from=${from}&before=${before}`)
  t.match(body.meterValues, [
    { evseId: 2, connectorId: 1, samples: [{ value: 5 }] },
    { evseId: 2, samples: [{ value: 6 }] },
  ])
  t.equal(body.meterValues.length, 2)
  t.strictSame((await ask('GET', '/charge-points/none/readings')).body, {
    ...{ meterValues: [], next: null },
  })
  t.equal((await ask('GET', `${path}?after=nonsense`)).status, 400)
  t.equal((await ask('GET', `${path}?evseId=99999999999`)).status, 400)
  const csv = await ask('GET', `${path}.csv?evseId=1`)
  const lines = String(csv.body).split('\r\n')
  t.equal(lines.length, 27)
  t.equal(lines[0], 'at,evseId,connectorId,measurand,value,unit,phase,location,context,format')
  const first = `${new Date(AT).toISOString()},1,1,Energy.Active.Import.Register,0,,,,,`
  t.equal(lines[1], first)
})

t.test('a token that expires in a leap second does expire', async (t) => {
  const { stores, services } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const put = (expiresAt: string) => ask('PUT', '/id-tokens/LEAP', { expiresAt })
  t.match(await put('2016-12-31T23:59:60Z'), { body: { expiresAt: '2016-12-31T23:59:59.000Z' } })
  t.match(await services.authorization.authorize('leap'), { status: 'Expired' })
  const path = '/transactions?from=2016-12-31T23:59:60Z'
  t.equal((await ask('GET', path)).status, 200)
})

t.test('no cell of a CSV is a formula', async (t) => {
  const { stores } = await createChargingWorld(t)
  const { ask } = await serve(t, stores)
  const tags = ['=1+1', '+1', '-1', '@A1', '\t=1', '\r=1', ' =1', '＝1', 'a,"b"', "='x'\n!A1"]
  for (const [n, tokenUid] of tags.entries()) {
    await stores.transactions.start(start({ tokenUid, at: AT - n }))
  }
  const { body } = await ask('GET', '/transactions.csv')
  const cells = String(body)
    .split(/\r\n(?=yard)/)
    .slice(1)
    .map((line) => line.split(',1,1,')[1]?.split(',2026')[0])
  t.strictSame(cells, [
    ...["'=1+1", "'+1", "'-1", "'@A1", "'\t=1", '"\'\r=1"', "' =1", "'＝1"],
    ...['"a,""b"""', "\"'='x'\n!A1\""],
  ])
})

t.test('a CSV of many lines is read as fast as its caller reads, and no further', async (t) => {
  let pages = 0
  const one = await oneTransaction(t)
  const list: ChargingTransactions['list'] = async ({ limit }) => {
    pages += 1
    if (pages > 400) return []
    return Array.from({ length: limit }, (_, n) => ({ ...one, id: `A/${pages * 500 + n}` }))
  }
  const { app, authorization } = await serve(t, { transactions: { list } as ChargingTransactions })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const open = async () => {
    const request = get(`${app.listeningOrigin}/transactions.csv`, { headers: { authorization } })
    const [response] = await once(request, 'response')
    return { request, response }
  }
  const slow = await open()
  await once(slow.response, 'readable')
  const { request } = slow
  request.on('error', () => undefined)
  let before = -1
  await until(() => {
    const isStill = pages === before
    before = pages
    return isStill
  })
  t.ok(pages < 200, `${pages} pages ahead of a caller that does not read`)
  const left = pages
  request.destroy()
  await until(async () => (await app.inject({ url: '/live' })).statusCode === 200)
  t.ok(pages <= left + 1, 'a caller that is gone asks for nothing more')
  pages = 0
  const whole = await open()
  let lines = 0
  for await (const chunk of whole.response) {
    for (const byte of chunk as Buffer) if (byte === 10) lines += 1
  }
  t.equal(lines, 200_001)
})

async function oneTransaction(t: Test) {
  const { stores } = await createChargingWorld(t)
  return stores.transactions.start(start())
}

async function pagesOf(
  ask: (method: 'GET', url: string) => Promise<{ body: any }>,
  path: string,
): Promise<number[]> {
  const counts: number[] = []
  let next = ''
  for (;;) {
    const { body } = await ask('GET', `${path}${next}`)
    counts.push(body.meterValues.length)
    if (body.next === null) return counts
    next = `&after=${encodeURIComponent(body.next)}`
  }
}
