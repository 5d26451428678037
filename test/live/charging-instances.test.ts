import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { engineFolder } from '../helpers/engine-folder.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Two instances on one PostgreSQL: whichever holds a charge point's socket speaks to it.

const SECRET = 'the same secret for all instances of a system'
const BOOT = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }
const COMMAND = { kind: 'trigger-message', parameters: { message: 'heartbeat' } }

async function connect(httpUrl: string, id: string): Promise<Station> {
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ocpp/${id}`, ['ocpp1.6'])
  const station = new Station(socket)
  await once(socket, 'open')
  return station
}

async function boot(httpUrl: string, id: string): Promise<Station> {
  const station = await connect(httpUrl, id)
  await station.ask([2, 'boot', 'BootNotification', BOOT])
  return station
}

async function sharedEnv(t: Test): Promise<Record<string, string>> {
  return {
    DATABASE: 'postgres',
    DATABASE_URL: await makeDatabase(t),
    DATABASE_TLS: 'off',
    CHARGE_POINT_KEY_SECRET: SECRET,
    FLEETGRID_ROLES: 'charging',
  }
}

t.test(
  'a command reaches a charge point of another instance, its outcome comes back',
  async (t) => {
    const env = await sharedEnv(t)
    const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
    const station = await boot(other.httpUrl, 'CP-1')
    const latencies: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const askedAt = performance.now()
      const { body } = await one.send('POST', '/charge-points/CP-1/commands', COMMAND)
      const waiting = one.get(`/commands/${body.id}?wait=20`)
      const [, id, action] = await station.next()
      t.equal(action, 'TriggerMessage')
      station.send([3, id, { status: 'Accepted' }])
      t.match(await waiting, { body: { state: 'accepted' } })
      latencies.push(performance.now() - askedAt)
    }
    latencies.sort((a, b) => a - b)
    t.comment(`from request to outcome: ${latencies.map((ms) => Math.round(ms)).join(' ')} ms`)
  },
)

t.test('a charge point that comes to another instance is let go by the first', async (t) => {
  const env = await sharedEnv(t)
  const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
  const older = await boot(one.httpUrl, 'CP-2')
  const newer = await boot(other.httpUrl, 'CP-2')
  t.match(await older.closed, { code: 1008, reason: /another instance/ })
  t.match(await newer.ask([2, '1', 'Heartbeat', {}]), [3, '1', {}])
  const { body } = await one.get('/charge-points/CP-2')
  t.equal(body.isConnected, true, 'the late end of the old one changes nothing')
})

t.test('the instance dies while a charge point works on a command', async (t) => {
  const env = { ...(await sharedEnv(t)), LOG_LEVEL: 'error' }
  const folders = engineFolder(t, { one: {}, other: {} })
  const [one, other] = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const service = await createService(t, { ...env, DATA_DIR: join(folders, name) })
      await service.start()
      return service
    }),
  )
  if (one === undefined || other === undefined) throw new Error('two services')
  const station = await boot(one.httpUrl, 'CP-3')
  const { id } = await other.post('/charge-points/CP-3/commands', {
    kind: 'reset',
    parameters: { how: 'immediate' },
  })
  const [, , action] = await station.next()
  t.equal(action, 'Reset')
  const later = await other.post('/charge-points/CP-3/commands', COMMAND)
  await one.kill('SIGKILL')
  // It boots no more (OCPP 1.6 §4.2): the instance knows it.
  const back = await connect(other.httpUrl, 'CP-3')
  t.match(await other.get(`/commands/${id}?wait=20`), { state: 'unknown' }, 'nobody sends it again')
  const [, call, next] = await back.next()
  t.equal(next, 'TriggerMessage', 'what was queued goes on')
  back.send([3, call, { status: 'Accepted' }])
  t.match(await other.get(`/commands/${later.id}?wait=20`), { state: 'accepted' })
  t.strictSame(back.unread, [])
})

t.test('a transaction that was begun with one instance ends with the other', async (t) => {
  const env = await sharedEnv(t)
  const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
  await one.send('PUT', '/id-tokens/card', {})
  const start = { connectorId: 1, idTag: 'card', meterStart: 5, timestamp: '2026-11-21T10:00:00Z' }
  const first = await boot(one.httpUrl, 'CP-4')
  const [, , { transactionId }] = await first.ask([2, '1', 'StartTransaction', start])
  const second = await boot(other.httpUrl, 'CP-4')
  const [, , again] = await second.ask([2, '2', 'StartTransaction', start])
  t.equal(again.transactionId, transactionId, 'the same one')
  const stop = { transactionId, meterStop: 10, timestamp: '2026-11-21T11:00:00Z' }
  await second.ask([2, '3', 'StopTransaction', stop])
  await until(async () => (await one.get('/transactions')).body.transactions[0]?.energyWh === 5)
  t.equal((await one.get('/transactions')).body.transactions.length, 1)
})
