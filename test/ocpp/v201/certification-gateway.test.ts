import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { createAdmissions } from '../../../src/charging/admission.ts'
import { ChargePointKeys } from '../../../src/charging/charge-point-keys.ts'
import { startGateway } from '../../helpers/ocpp.ts'
import { createWorld } from './station.ts'

// The cases of the certification about who is let in, with security profile 1.

const world = await createWorld(t)
const keys = new ChargePointKeys({ secret: 'a secret of this test alone, long enough' })
const PASSWORD = 'DEADBEEFDEADBEEF'
const ID = 'CS001'

await world.stores.chargePoints.create(
  ID,
  { registration: 'accepted', securityProfileMin: 1, leniency: [] },
  keys.hash(ID, Buffer.from(PASSWORD)),
)
const admissions = createAdmissions({
  chargePoints: world.stores.chargePoints,
  instance: 'here',
  keys,
  selfRegistration: undefined,
  clock: { now: () => Date.now() },
})

const basic = (user: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
})

async function refusal(t: Parameters<typeof startGateway>[0], id: string, credentials: object) {
  const gateway = await startGateway(t, { admit: admissions.admit })
  const { socket } = gateway.open(`/ocpp/${id}`, ['ocpp2.0.1'], credentials)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  return response.statusCode
}

t.test('TC_A_01 its own id and its password', async (t) => {
  const { connect } = await startGateway(t, { admit: admissions.admit })
  const station = await connect(ID, 'ocpp2.0.1', basic(ID, PASSWORD))
  t.equal(station.socket.protocol, 'ocpp2.0.1')
  t.match(await station.ask([2, 'a', 'Heartbeat', {}]), [3, 'a', { currentTime: String }])
})

t.test('TC_A_02 somebody else’s id is turned away before the upgrade', async (t) => {
  t.equal(await refusal(t, ID, basic('CS002', PASSWORD)), 401)
})

t.test('TC_A_03 a wrong password, or none, is turned away before the upgrade', async (t) => {
  t.equal(await refusal(t, ID, basic(ID, `${PASSWORD}0`)), 401)
  t.equal(await refusal(t, ID, {}), 401)
  t.equal(await refusal(t, 'CS002', basic('CS002', PASSWORD)), 404, 'nobody knows it')
})
