import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { deviationRoutes } from '../../src/ocpp/deviation-routes.ts'
import { Deviations } from '../../src/ocpp/deviations.ts'
import { startTestApp } from '../helpers/app.ts'
import { startGateway } from '../helpers/ocpp.ts'

t.test('each habit once, however often and wherever in a list', async (t) => {
  const deviations = new Deviations()
  const note = (path: string, at: number) =>
    deviations.note('CP1', 'MeterValues', { deviation: 'extra-properties', path }, at)
  note('/meterValue/0/sampledValue/3', 1)
  note('', 2)
  note('/meterValue/12', 3)
  note('/meterValue/1/sampledValue/0', 4)
  const of = { deviation: 'extra-properties', action: 'MeterValues' }
  t.strictSame(deviations.list('CP1'), [
    { ...of, path: '/meterValue/*/sampledValue/*', count: 2, lastAt: 4 },
    { ...of, path: '', count: 1, lastAt: 2 },
    { ...of, path: '/meterValue/*', count: 1, lastAt: 3 },
  ])
  t.strictSame(deviations.list('CP2'), [])
})

t.test('what is remembered is bounded', async (t) => {
  const deviations = new Deviations()
  for (let n = 0; n < 100_000; n += 1) {
    const what = { deviation: 'long-strings', path: `/a${n % 1000}` } as const
    deviations.note('CP1', 'Heartbeat', what, n)
  }
  const listed = deviations.list('CP1')
  t.equal(listed.length, 51)
  t.match(listed[0], { path: '', count: 95_000, lastAt: 99_999 })
  const what = { deviation: 'long-strings', path: '' } as const
  for (let n = 0; n < 1999; n += 1) deviations.note(`OTHER${n}`, 'Heartbeat', what, n)
  t.equal(deviations.list('CP1').length, 51)
  deviations.note('ONE MORE', 'Heartbeat', what, 0)
  t.strictSame(deviations.list('CP1'), [], 'not seen for longest')
  t.equal(deviations.list('OTHER0').length, 1)
})

t.test('an operator sees what a station is forgiven', async (t) => {
  const { gateway, connect } = await startGateway(t, { leniency: ['extra-properties'] })
  const station = await connect('RDAM 123')
  for (const id of ['a', 'b']) await station.ask([2, id, 'Heartbeat', { more: 1 }])
  const { deviations } = gateway
  const charging = {
    upgrades: gateway,
    routes: async (app: FastifyInstance) => void app.register(deviationRoutes, { deviations }),
  }
  const { get } = await startTestApp(t, { deps: { charging } })
  const path = '/charge-points/RDAM%20123/deviations'
  t.equal((await get(path, { role: 'viewer' })).statusCode, 403)
  const { statusCode, body } = await get(path, { role: 'operator' })
  t.equal(statusCode, 200)
  t.match(JSON.parse(body), {
    deviations: [
      { deviation: 'extra-properties', action: 'Heartbeat', path: '', count: 2, lastAt: String },
    ],
  })
  const none = await get('/charge-points/NOBODY/deviations', { role: 'operator' })
  t.strictSame(JSON.parse(none.body), { deviations: [] })
})
