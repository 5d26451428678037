import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { WireLog } from '../../src/ocpp/wire-log.ts'
import { wireLogRoutes } from '../../src/ocpp/wire-log-routes.ts'
import { startTestApp } from '../helpers/app.ts'
import { openStream } from '../helpers/event-stream.ts'
import { until } from '../helpers/until.ts'

const FRAMES = '/charge-points/RDAM%20123/frames'
const STREAM = `${FRAMES}/stream`
const AT = Date.parse('2026-11-21T10:00:00Z')

async function start(t: Parameters<typeof startTestApp>[0]) {
  const wireLog = new WireLog(8_000_000)
  const charging = {
    upgrades: { prefix: '/ocpp/', upgrade() {} },
    routes: async (app: FastifyInstance) => void app.register(wireLogRoutes, { wireLog }),
  }
  const { app, ...rest } = await startTestApp(t, { deps: { charging } })
  const open = (path = STREAM) => openStream(app, path, rest.token('operator'))
  const connections = () =>
    new Promise<number>((resolve, reject) =>
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  return { ...rest, app, wireLog, open, connections }
}

t.test('the last frames, oldest first, without secrets', async (t) => {
  const { wireLog, get } = await start(t)
  wireLog.record('RDAM 123', 'in', '[2,"1","Authorize",{"idTag":"0123456789"}]', AT)
  wireLog.record('OTHER', 'in', '[2,"9","Heartbeat",{}]', AT)
  wireLog.record('RDAM 123', 'out', '[3,"1",{"idTagInfo":{"status":"Accepted"}}]', AT + 1)
  const { statusCode, body } = await get(FRAMES, { role: 'operator' })
  t.equal(statusCode, 200)
  t.strictSame(JSON.parse(body), {
    frames: [
      {
        at: '2026-11-21T10:00:00.000Z',
        direction: 'in',
        text: '[2,"1","Authorize",{"idTag":"***6789"}]',
      },
      {
        at: '2026-11-21T10:00:00.001Z',
        direction: 'out',
        text: '[3,"1",{"idTagInfo":{"status":"Accepted"}}]',
      },
    ],
  })
  const last = await get(`${FRAMES}?limit=1`, { role: 'operator' })
  t.match(JSON.parse(last.body).frames, [{ direction: 'out' }])
  const none = await get('/charge-points/NOBODY/frames', { role: 'operator' })
  t.strictSame(JSON.parse(none.body), { frames: [] })
})

t.test('as many as are asked for, within the limit', async (t) => {
  const { wireLog, get } = await start(t)
  for (let n = 0; n < 1200; n += 1)
    wireLog.record('RDAM 123', 'in', `[2,"${n}","Heartbeat",{}]`, AT)
  const count = async (query: string) => {
    const { statusCode, body } = await get(`${FRAMES}${query}`, { role: 'operator' })
    return statusCode === 200 ? JSON.parse(body).frames.length : statusCode
  }
  t.equal(await count(''), 100)
  t.equal(await count('?limit=1000'), 1000)
  for (const limit of ['0', '1001', 'all']) t.equal(await count(`?limit=${limit}`), 400, limit)
})

t.test('only operators may look', async (t) => {
  const { get } = await start(t)
  for (const path of [FRAMES, STREAM]) {
    t.equal((await get(path, { role: 'none' })).statusCode, 401)
    t.equal((await get(path, { role: 'viewer' })).statusCode, 403)
    t.equal((await get(path, { role: 'device' })).statusCode, 403)
  }
  t.equal((await get(FRAMES, { role: 'admin' })).statusCode, 200)
})

t.test('frames as they pass, of one charge point, without secrets', async (t) => {
  const { wireLog, open } = await start(t)
  wireLog.record('RDAM 123', 'in', '[2,"0","Heartbeat",{}]', AT)
  const stream = await open()
  t.match(stream.response.headers['content-type'], /^text\/event-stream/)
  t.match(await stream.next(), { event: '' }, 'how soon to come again')
  wireLog.record('OTHER', 'in', '[2,"9","Heartbeat",{}]', AT)
  wireLog.record('RDAM 123', 'in', '[2,"1","Authorize",{"idTag":"0123456789"}]', AT)
  t.strictSame(await stream.next(), {
    event: 'frame',
    data: {
      at: '2026-11-21T10:00:00.000Z',
      direction: 'in',
      text: '[2,"1","Authorize",{"idTag":"***6789"}]',
    },
  })
  stream.close()
})

t.test('streams are bounded; who leaves makes room', async (t) => {
  const { get, open, connections } = await start(t)
  const streams = await Promise.all(Array.from({ length: 50 }, () => open()))
  const refused = await get(STREAM, { role: 'operator' })
  t.equal(refused.statusCode, 503)
  t.match(JSON.parse(refused.body), { status: 503, detail: /50 of these streams/ })
  streams[0]?.close()
  await until(async () => (await connections()) === 49)
  const another = await open()
  t.equal(another.response.statusCode, 200)
  for (const stream of [...streams, another]) stream.close()
})

t.test('who reads too slowly is sent away, and frames are not kept for him', async (t) => {
  const { wireLog, open, connections } = await start(t)
  const stream = await open()
  stream.response.socket.pause()
  const text = JSON.stringify([2, '1', 'DataTransfer', { vendorId: 'V', data: 'x'.repeat(15_000) }])
  await until(async () => {
    for (let n = 0; n < 100; n += 1) wireLog.record('RDAM 123', 'in', text, AT)
    return (await connections()) === 0
  })
  t.pass()
})

t.test('closing the server ends them', async (t) => {
  const { app, open } = await start(t)
  const stream = await open()
  await stream.next()
  const ended = stream.next()
  await app.close()
  t.equal(await ended, undefined)
})
