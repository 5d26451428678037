import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type ClientOptions, WebSocket } from 'ws'
import { type RunningFleetgrid, startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// The whole service on embedded adapters: a charge point over a real socket, an operator over REST.

const KEY = '0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF'
const AT = '2026-11-21T10:00:00Z'

async function connect(
  { httpUrl }: RunningFleetgrid,
  id: string,
  protocol = 'ocpp1.6',
  options: ClientOptions = {},
): Promise<Station> {
  const url = `${httpUrl.replace('http', 'ws')}/ocpp/${encodeURIComponent(id)}`
  const socket = new WebSocket(url, [protocol], options)
  const station = new Station(socket)
  await once(socket, 'open')
  return station
}

const BOOT_16 = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }
const BOOT_201 = {
  reason: 'PowerUp',
  chargingStation: { vendorName: 'Vendor', model: 'Model', serialNumber: 'S1' },
}

t.test('a session of 1.6 from boot to CSV', async (t) => {
  const service = await startFleetgrid(t)
  await service.send('PUT', '/id-tokens/card-1', {})
  const station = await connect(service, 'RDAM 123')
  t.match(await station.ask([2, '1', 'BootNotification', BOOT_16]), [
    3,
    '1',
    { status: 'Accepted' },
  ])
  const status = { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: AT }
  t.same(await station.ask([2, '2', 'StatusNotification', status]), [3, '2', {}])
  const authorized = await station.ask([2, '3', 'Authorize', { idTag: 'CARD-1' }])
  t.match(authorized, [3, '3', { idTagInfo: { status: 'Accepted' } }])
  const start = { connectorId: 1, idTag: 'CARD-1', meterStart: 1000, timestamp: AT }
  const [, , started] = await station.ask([2, '4', 'StartTransaction', start])
  const { transactionId } = started
  const [, , again] = await station.ask([2, '5', 'StartTransaction', start])
  t.equal(again.transactionId, transactionId, 'told twice, it is the same')
  const sampledValue = [{ value: '2500', measurand: 'Energy.Active.Import.Register', unit: 'Wh' }]
  const values = { connectorId: 1, transactionId, meterValue: [{ timestamp: AT, sampledValue }] }
  t.same(await station.ask([2, '6', 'MeterValues', values]), [3, '6', {}])
  const stop = { transactionId, meterStop: 4000, timestamp: '2026-11-21T11:00:00Z' }
  t.match(await station.ask([2, '7', 'StopTransaction', stop]), [3, '7', {}])

  const { body: chargePoint } = await service.get('/charge-points/RDAM%20123')
  t.match(chargePoint, { isConnected: true, protocol: '1.6', vendor: 'Vendor', hasKey: false })
  t.match(chargePoint.connectors, [{ evseId: 1, connectorId: 1, state: 'Preparing' }])
  const { body: list } = await service.get('/transactions?chargePointId=RDAM%20123')
  t.match(list.transactions, [{ number: transactionId, energyWh: 3000, idToken: 'CARD-1' }])
  t.equal(list.next, null)
  const id = encodeURIComponent(list.transactions[0].id)
  const { body: readings } = await service.get(`/transaction/meter-values?id=${id}`)
  t.match(readings.meterValues, [{ samples: [{ value: 2500, unit: 'Wh' }] }])
  const headers = { authorization: `Bearer ${await service.token('operator')}` }
  const csv = await (await fetch(`${service.httpUrl}/transactions.csv`, { headers })).text()
  t.match(csv, /^id,chargePointId.*\r\n.*RDAM 123,1,1,CARD-1,2026-11-21T10:00:00.000Z/)
  t.equal((await service.get('/charge-points', 'viewer')).status, 403)
})

t.test('a session of 2.0.1, told out of order', async (t) => {
  const service = await startFleetgrid(t)
  await service.send('PUT', '/id-tokens/card-2', {})
  const station = await connect(service, 'CP-2', 'ocpp2.0.1')
  t.match(await station.ask([2, '1', 'BootNotification', BOOT_201]), [
    3,
    '1',
    { status: 'Accepted' },
  ])
  const event = (eventType: string, seqNo: number, minute: number, more: object = {}) => ({
    ...{ eventType, seqNo, triggerReason: 'Authorized', evse: { id: 1, connectorId: 1 } },
    timestamp: `2026-11-21T10:${minute}:00Z`,
    transactionInfo: { transactionId: 'own-1' },
    ...more,
  })
  const idToken = { idToken: 'card-2', type: 'ISO14443' }
  const events = [
    event('Ended', 2, 30, {
      transactionInfo: { transactionId: 'own-1', stoppedReason: 'EVDisconnected' },
    }),
    event('Started', 0, 10, { idToken }),
    event('Updated', 1, 20),
    event('Started', 0, 10, { idToken }),
  ]
  for (const [number, one] of events.entries()) {
    const answer = await station.ask([2, `e${number}`, 'TransactionEvent', one])
    t.equal(answer[0], 3, `event ${number}`)
    if ('idToken' in one) t.match(answer[2], { idTokenInfo: { status: 'Accepted' } })
  }
  const { body } = await service.get('/transactions')
  t.match(body.transactions, [
    {
      ...{ ownId: 'own-1', startedAt: '2026-11-21T10:10:00.000Z', stopReason: 'EVDisconnected' },
      ...{ stoppedAt: '2026-11-21T10:30:00.000Z', idToken: 'card-2' },
    },
  ])
  t.equal(body.transactions.length, 1)
})

t.test('a key of bytes, and its change', async (t) => {
  const service = await startFleetgrid(t)
  const registered = await service.send('PUT', '/charge-points/AL1000', {
    ...{ key: KEY, securityProfileMin: 1 },
  })
  t.match(registered, { status: 200, body: { hasKey: true } })
  // The example of the security whitepaper, §2.3.
  const authorization = 'Basic QUwxMDAwOgABAgMEBQYH////////////////'
  const station = await connect(service, 'AL1000', 'ocpp1.6', { headers: { authorization } })
  const refused = connect(service, 'AL1000')
  await t.rejects(refused, { message: /401/ })
  await service.send('PUT', '/charge-points/AL1000', { key: 'another password' })
  t.match(await station.closed, { code: 1008 }, 'the old key is worth nothing from now on')
  const other = `Basic ${Buffer.from('AL1000:another password').toString('base64')}`
  await t.rejects(connect(service, 'AL1000', 'ocpp1.6', { headers: { authorization } }))
  await connect(service, 'AL1000', 'ocpp1.6', { headers: { authorization: other } })
})

t.test('a key that the charge point is told, sealed until then', async (t) => {
  const service = await startFleetgrid(t)
  const station = await connect(service, 'CP-8')
  await station.ask([2, '1', 'BootNotification', BOOT_16])
  const parameters = { variables: [{ name: 'AuthorizationKey', value: KEY }] }
  const path = '/charge-points/CP-8/commands'
  const { body } = await service.send('POST', path, { kind: 'set-variables', parameters })
  t.equal(body.parameters.variables[0].value, '***')
  const stored = await service.fleetgrid.ports.charging.commands.find(body.id)
  t.notMatch(JSON.stringify(stored), KEY)
  const [, id, action, payload] = await station.next()
  t.strictSame([action, payload], ['ChangeConfiguration', { key: 'AuthorizationKey', value: KEY }])
  station.send([3, id, { status: 'Accepted' }])
  await service.get(`/commands/${body.id}?wait=20`)
  await t.rejects(connect(service, 'CP-8'), { message: /401/ })
  const credentials = Buffer.concat([Buffer.from('CP-8:'), Buffer.from(KEY, 'hex')])
  const headers = { authorization: `Basic ${credentials.toString('base64')}` }
  await connect(service, 'CP-8', 'ocpp1.6', { headers })
})

t.test('a password that is none is not sent: an empty one would open the door', async (t) => {
  const service = await startFleetgrid(t)
  await service.send('PUT', '/charge-points/CP-9', {})
  const passwords = [
    ...['plain text', 'plain text of 20 char', 'AA'.repeat(15), 'AA'.repeat(21), `${KEY}F`].map(
      (value) => ({ name: 'AuthorizationKey', value }),
    ),
    ...['', 'x'.repeat(15), 'x'.repeat(41)].map((value) => ({
      ...{ component: 'SecurityCtrlr', name: 'BasicAuthPassword', value },
    })),
  ]
  for (const variable of passwords) {
    const body = { kind: 'set-variables', parameters: { variables: [variable] } }
    const answer = await service.send('POST', '/charge-points/CP-9/commands', body)
    t.match(answer, { status: 400 }, `${variable.name} ${variable.value}`)
  }
  t.match(await service.get('/commands'), { body: { commands: [] } })
})

t.test('who is not accepted waits for an operator', async (t) => {
  const service = await startFleetgrid(t, { OCPP_SELF_REGISTRATION: 'pending' })
  const station = await connect(service, 'CP-3')
  t.match(await station.ask([2, '1', 'BootNotification', BOOT_16]), [3, '1', { status: 'Pending' }])
  t.match(await station.ask([2, '2', 'Heartbeat', {}]), [4, '2', 'SecurityError'])
  await service.send('PUT', '/charge-points/CP-3', { registration: 'accepted' })
  t.match(await station.ask([2, '3', 'BootNotification', BOOT_16]), [
    3,
    '3',
    { status: 'Accepted' },
  ])
  t.match(await station.ask([2, '4', 'Heartbeat', {}]), [3, '4', {}])
  const off = await startFleetgrid(t, { OCPP_SELF_REGISTRATION: 'off' })
  await t.rejects(connect(off, 'CP-3'), { message: /404/ })
})

t.test('a command waits for its charge point, also over a restart of the service', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-commands-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const first = await startFleetgrid(t, { DATA_DIR: dataDir })
  await first.send('PUT', '/charge-points/CP-4', {})
  const body = (isOperative: boolean) => ({
    kind: 'change-availability',
    parameters: { isOperative },
  })
  const path = '/charge-points/CP-4/commands'
  const superseded = await first.send('POST', path, body(true))
  const requested = await first.send('POST', path, body(false))
  t.match(requested, { status: 202, body: { state: 'queued' } })
  t.match(await first.get(`/commands/${superseded.body.id}`), { body: { state: 'superseded' } })
  await first.fleetgrid.drain()
  await first.fleetgrid.close()

  const service = await startFleetgrid(t, { DATA_DIR: dataDir })
  const station = await connect(service, 'CP-4')
  const waiting = service.get(`/commands/${requested.body.id}?wait=20`)
  const [, id, action, payload] = await station.next()
  t.strictSame([action, payload], ['ChangeAvailability', { connectorId: 0, type: 'Inoperative' }])
  station.send([3, id, { status: 'Scheduled' }])
  t.match(await waiting, { body: { state: 'accepted', answer: { status: 'Scheduled' } } })
  t.strictSame(station.unread, [], 'nothing else was sent')

  const cancelled = await service.send('POST', '/charge-points/CP-5/commands', body(true))
  t.equal(cancelled.status, 404)
  await service.send('PUT', '/charge-points/CP-5', {})
  const other = await service.send('POST', '/charge-points/CP-5/commands', body(true))
  t.match(await service.send('DELETE', `/commands/${other.body.id}`), {
    body: { state: 'cancelled' },
  })
  t.equal((await service.send('DELETE', `/commands/${other.body.id}`)).status, 409)
  const wrong = await service.send('POST', path, { kind: 'reset', parameters: { how: 'gently' } })
  t.match(wrong, { status: 400, body: { detail: /parameters.how must be one of/ } })
})

t.test('the newest connection wins; the end is told to all of them', async (t) => {
  const service = await startFleetgrid(t)
  const older = await connect(service, 'CP-6')
  const newer = await connect(service, 'CP-6')
  t.match(await older.closed, { code: 1008 })
  t.match(await newer.ask([2, '1', 'BootNotification', BOOT_16]), [3, '1', { status: 'Accepted' }])
  await until(async () => (await service.get('/charge-points/CP-6')).body.isConnected)
  await service.fleetgrid.drain()
  t.match(await newer.closed, { code: 1001 })
})
