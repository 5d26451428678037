import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// The whole service: what an operator changes over REST, on the connection that is there.

const BOOT = { chargePointVendor: 'V', chargePointModel: 'M' }
const PATH = '/charge-points/CP1'

t.test('leniency and registration of a connected charge point', async (t) => {
  const service = await startFleetgrid(t)
  const socket = new WebSocket(`${service.httpUrl.replace('http', 'ws')}/ocpp/CP1`, ['ocpp1.6'])
  const station = new Station(socket)
  await once(socket, 'open')
  t.match(await station.ask([2, 'boot', 'BootNotification', BOOT]), [3])
  let asked = 0
  const beat = async () => {
    asked += 1
    const [type, , code] = await station.ask([2, `${asked}`, 'Heartbeat', { more: 1 }])
    return type === 3 ? 'answered' : code
  }
  t.equal(await beat(), 'FormationViolation')
  await service.send('PUT', PATH, { leniency: ['extra-properties'] })
  await until(async () => (await beat()) === 'answered')
  const { body } = await service.get(`${PATH}/deviations`)
  t.match(body.deviations, [{ deviation: 'extra-properties', action: 'Heartbeat', path: '' }])
  await service.send('PUT', PATH, { leniency: [] })
  await until(async () => (await beat()) === 'FormationViolation')
  await service.send('PUT', PATH, { registration: 'pending' })
  await until(async () => (await beat()) === 'SecurityError')
  await service.send('PUT', PATH, { registration: 'accepted' })
  t.match(await station.ask([2, 'again', 'BootNotification', BOOT]), [
    3,
    'again',
    { status: 'Accepted' },
  ])
  t.equal(await beat(), 'FormationViolation', 'known again')
  t.equal(socket.readyState, WebSocket.OPEN, 'all on one connection')
})
