import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { makeDatabase } from '../helpers/engines.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// Two instances on one PostgreSQL: an operator changes on one what counts on the other.

const BOOT = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }
const PATH = '/charge-points/CP-1'

t.test('settings and keys that are changed on another instance', async (t) => {
  const env = {
    DATABASE: 'postgres',
    DATABASE_URL: await makeDatabase(t),
    DATABASE_TLS: 'off',
    CHARGE_POINT_KEY_SECRET: 'the same secret for all instances of a system',
    FLEETGRID_ROLES: 'charging',
  }
  const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
  const socket = new WebSocket(`${other.httpUrl.replace('http', 'ws')}/ocpp/CP-1`, ['ocpp1.6'])
  const station = new Station(socket)
  await once(socket, 'open')
  await station.ask([2, 'boot', 'BootNotification', BOOT])
  let asked = 0
  const beat = async () => {
    asked += 1
    return (await station.ask([2, `${asked}`, 'Heartbeat', { more: 1 }]))[0]
  }
  t.equal(await beat(), 4)
  await one.send('PUT', PATH, { leniency: ['extra-properties'] })
  await until(async () => (await beat()) === 3)
  await one.send('PUT', PATH, { leniency: [] })
  await until(async () => (await beat()) === 4)
  t.equal(socket.readyState, WebSocket.OPEN, 'all on one connection')
  await one.send('PUT', PATH, { key: 'a password of its own' })
  t.match(await station.closed, { code: 1008, reason: /settings have changed/ })
})
