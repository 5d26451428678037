import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type RunningFleetgrid, startFleetgrid } from '../../helpers/fleetgrid.ts'
import { Station } from '../../helpers/ocpp.ts'

// The cases of the certification in which a station's password or security profile changes: the whole
// service, a real socket, an operator over REST. TLS ends at the load balancer, which says so.

const ID = 'CS001'
const OLD = 'DEADBEEFDEADBEEF'
const NEW = 'CAFEBABECAFEBABE'
const BOOT = {
  reason: 'RemoteReset',
  chargingStation: { vendorName: 'Vendor', model: 'Model' },
}

async function start(t: Test): Promise<RunningFleetgrid> {
  const service = await startFleetgrid(t, { HTTP_TRUSTED_PROXIES: '127.0.0.1' })
  await service.send('PUT', `/charge-points/${ID}`, { key: OLD, securityProfileMin: 1 })
  return service
}

/** With a security profile: 1 without TLS, 2 with it. */
async function connect(
  { httpUrl }: RunningFleetgrid,
  { password = OLD, profile = 1 }: { password?: string; profile?: 1 | 2 },
): Promise<Station> {
  const headers = {
    authorization: `Basic ${Buffer.from(`${ID}:${password}`).toString('base64')}`,
    'x-forwarded-proto': profile === 2 ? 'https' : 'http',
  }
  const url = `${httpUrl.replace('http', 'ws')}/ocpp/${ID}`
  const socket = new WebSocket(url, ['ocpp2.0.1'], { headers })
  const station = new Station(socket)
  await once(socket, 'open')
  return station
}

async function boot(service: RunningFleetgrid, as: Parameters<typeof connect>[1] = {}) {
  const station = await connect(service, as)
  const answer = await station.ask([2, 'boot', 'BootNotification', BOOT])
  if (answer[2]?.status !== 'Accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`)
  return station
}

/** An operator's command, what the station gets of it, and what became of it. */
async function command(
  service: RunningFleetgrid,
  station: Station,
  request: { kind: string; parameters: object },
  answer: (payload: any) => object,
) {
  const { status, body } = await service.send('POST', `/charge-points/${ID}/commands`, request)
  if (status !== 202) throw new Error(JSON.stringify(body))
  const [, id, action, payload] = await station.next()
  station.send([3, id, answer(payload)])
  const { body: ended } = await service.get(`/commands/${body.id}?wait=20`)
  return { action, payload, state: ended.state }
}

/** SetVariables of one variable. */
function setVariable(
  service: RunningFleetgrid,
  station: Station,
  variable: { component: string; name: string; value: string },
  attributeStatus: string,
) {
  const request = { kind: 'set-variables', parameters: { variables: [variable] } }
  return command(service, station, request, ({ setVariableData: [{ component, variable }] }) => ({
    setVariableResult: [{ attributeStatus, component, variable }],
  }))
}

const PASSWORD = { component: 'SecurityCtrlr', name: 'BasicAuthPassword', value: NEW }

t.test('TC_A_09 a new password that is accepted is the only one', async (t) => {
  const service = await start(t)
  const { payload, state } = await setVariable(service, await boot(service), PASSWORD, 'Accepted')
  t.match(payload, {
    setVariableData: [
      {
        component: { name: 'SecurityCtrlr' },
        variable: { name: 'BasicAuthPassword' },
        attributeValue: NEW,
      },
    ],
  })
  t.equal(state, 'accepted')
  await t.rejects(connect(service, { password: OLD }), { message: /401/ })
  await boot(service, { password: NEW })
})

t.test('TC_A_10 a new password that is rejected changes nothing', async (t) => {
  const service = await start(t)
  const { state } = await setVariable(service, await boot(service), PASSWORD, 'Rejected')
  t.equal(state, 'rejected')
  await t.rejects(connect(service, { password: NEW }), { message: /401/ })
  await boot(service, { password: OLD })
})

t.test('TC_A_19 a higher security profile, and none below it any more', async (t) => {
  const service = await start(t)
  const station = await boot(service, { profile: 1 })
  const profile = {
    ...{ slot: 2, url: 'wss://csms.example.com/ocpp', ocppVersion: 'OCPP20', securityProfile: 2 },
    ...{ messageTimeoutSeconds: 30, networkInterface: 'Wired0' },
  }
  const accept = () => ({ status: 'Accepted' })
  const told = await command(
    service,
    station,
    { kind: 'set-network-profile', parameters: profile },
    accept,
  )
  t.match(told, {
    action: 'SetNetworkProfile',
    payload: {
      configurationSlot: 2,
      connectionData: { securityProfile: 2, ocppTransport: 'JSON', ocppVersion: 'OCPP20' },
    },
    state: 'accepted',
  })
  const priority = {
    component: 'OCPPCommCtrlr',
    name: 'NetworkConfigurationPriority',
    value: '2,1',
  }
  t.equal((await setVariable(service, station, priority, 'RebootRequired')).state, 'accepted')
  const reset = { kind: 'reset', parameters: { how: 'on-idle' } }
  t.match(await command(service, station, reset, accept), { action: 'Reset', state: 'accepted' })
  station.socket.close()
  await boot(service, { profile: 2 })
  // Which the operator says, as soon as it has come back.
  await service.send('PUT', `/charge-points/${ID}`, { securityProfileMin: 2 })
  await t.rejects(connect(service, { profile: 1 }), { message: /403/ })
  await boot(service, { profile: 2 })
})
