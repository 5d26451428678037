import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import type { Introduction } from '../../src/charging/admission.ts'
import { countOf, startGateway, withHandler } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// What CSMS get wrong most often, in that order. Number 10, the transaction of a retried start, is a
// matter of the store; number 12, names in client certificates, comes with security profile 3.

/** The status and headers of a handshake that is refused. */
async function refusal(port: number, path: string, headers: Record<string, string> = {}) {
  const asked = request({
    port,
    path,
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  return response
}

t.test(
  '1: the newest connection wins, and the late close of the old one changes nothing',
  async (t) => {
    const { gateway, connect, events } = await startGateway(t)
    const old = await connect('CP1')
    const newer = await connect('CP1')
    t.match(await old.closed, { code: 1008, reason: /newer connection/ })
    await until(() => events.includes('left 1'))
    t.strictSame(events, ['joined 1', 'joined 2', 'left 1'])
    t.equal(gateway.connections.get('CP1')?.session.epoch, 2)
    t.equal(gateway.connections.size, 1)
    t.match(await newer.ask([2, 'a', 'Heartbeat', {}]), [3, 'a', { currentTime: String }])
  },
)

t.test('1: an old connection that is frozen is not waited for', async (t) => {
  const { gateway, connect } = await startGateway(t)
  const frozen = await connect('CP1')
  // Reads nothing any more, so answers no closing handshake.
  frozen.socket.pause()
  const newer = await connect('CP1')
  t.match(await newer.ask([2, 'a', 'Heartbeat', {}]), [3, 'a'])
  await until(() => gateway.connections.size === 1, { what: 'the frozen one is cut off' })
  t.equal(gateway.connections.get('CP1')?.session.epoch, 2)
})

t.test('2: the two directions don’t wait for each other', async (t) => {
  const { gateway, connect } = await startGateway(t)
  const station = await connect('CP1')
  const execution = gateway.connections.get('CP1')?.execute('reset', {})
  const [, id] = await station.next()
  // It calls before it answers.
  t.match(await station.ask([2, 'a', 'Heartbeat', {}]), [3, 'a'])
  station.send([3, id, { status: 'Accepted' }])
  t.match(await execution, { state: 'accepted' })
})

t.test('3: no common subprotocol: handshake without the header, closed at once', async (t) => {
  const { gateway, open } = await startGateway(t)
  const station = open('/ocpp/CP1', ['ocpp1.2', 'ocpp1.5'])
  const [response] = await once(station.socket, 'upgrade')
  t.equal(response.headers['sec-websocket-protocol'], undefined)
  await station.closed
  t.equal(gateway.connections.size, 0)
})

t.test('3: the list is in the station’s order of preference', async (t) => {
  const { open } = await startGateway(t)
  for (const protocols of [
    ['ocpp2.0.1', 'ocpp1.6'],
    ['ocpp1.6', 'ocpp2.0.1'],
    ['ocpp2.1', 'ocpp1.6'],
  ]) {
    const { socket } = open('/ocpp/CP1', protocols)
    await once(socket, 'open')
    t.equal(
      socket.protocol,
      protocols.find((name) => name !== 'ocpp2.1'),
    )
  }
})

t.test('3: no list at all is HTTP 400', async (t) => {
  const { port } = await startGateway(t)
  t.equal((await refusal(port, '/ocpp/CP1')).statusCode, 400)
})

t.test('4: each version has its spelling of the error codes', async (t) => {
  const { connect } = await startGateway(t)
  const wrong = { extra: [{ more: 1 }], missing: {}, type: { connectorId: 'one' } }
  const codes = async (protocol: string, action: string, payload: object) => {
    const station = await connect('CP1', protocol)
    return (await station.ask([2, 'a', action, payload]))[2]
  }
  t.equal(await codes('ocpp1.6', 'Heartbeat', { x: wrong }), 'FormationViolation')
  t.equal(await codes('ocpp2.0.1', 'Heartbeat', { x: wrong }), 'FormatViolation')
  t.equal(await codes('ocpp1.6', 'StatusNotification', {}), 'OccurenceConstraintViolation')
  t.equal(await codes('ocpp2.0.1', 'StatusNotification', {}), 'OccurrenceConstraintViolation')
})

t.test('5: a CALLERROR has five elements, and no answer is answered', async (t) => {
  const { connect } = await startGateway(t)
  for (const protocol of ['ocpp1.6', 'ocpp2.0.1']) {
    const station = await connect('CP1', protocol)
    const error = await station.ask([2, 'a', 'NoSuchAction', {}])
    t.match(error, [4, 'a', 'NotImplemented', String, {}])
    t.equal(error.length, 5)
    station.send([3, 'nobody', {}])
    station.send([3, 'nobody'])
    station.send([4, 'nobody', 'InternalError', '', {}])
    station.send([4, 'nobody'])
    station.send([3])
    t.match(await station.ask([2, 'b', 'Heartbeat', {}]), [3, 'b'])
  }
})

t.test('6: keys are bytes, also “:” and those that are no text', async (t) => {
  const asked: Introduction[] = []
  const gateway = await startGateway(t, {
    admit: async (_id, introduction) => {
      asked.push(introduction)
      return { refusal: 'wrong-key' }
    },
  })
  const protocol = { 'sec-websocket-protocol': 'ocpp1.6' }
  // The example of the specification.
  const authorization = 'Basic QUwxMDAwOgABAgMEBQYH////////////////'
  const response = await refusal(gateway.port, '/ocpp/AL1000', { ...protocol, authorization })
  t.equal(response.statusCode, 401)
  t.match(response.headers['www-authenticate'], /^Basic realm=/)
  t.equal(asked[0]?.credentials?.user, 'AL1000')
  const key = Buffer.from(asked[0]?.credentials?.key ?? [])
  t.equal(key.toString('hex').toUpperCase(), '0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF')
  const withColons = `Basic ${Buffer.from('AL1000::a:b').toString('base64')}`
  await refusal(gateway.port, '/ocpp/AL1000', { ...protocol, authorization: withColons })
  t.equal(Buffer.from(asked[1]?.credentials?.key ?? []).toString(), ':a:b')
})

t.test('7: a late answer is not that of the next call', async (t) => {
  const test = await startGateway(t, { options: { callTimeoutMs: 1 } })
  const station = await test.connect('CP1')
  const channel = test.gateway.connections.get('CP1')
  const first = channel?.execute('reset', {})
  const [, late] = await station.next()
  t.match(await first, { state: 'unknown' })
  const second = channel?.execute('reset', {})
  await station.next()
  station.send([3, late, { status: 'Accepted' }])
  t.match(await second, { state: 'unknown' }, 'it has had no answer')
  const unmatched = { fault: 'unmatched-answer' }
  t.ok(await until(() => countOf(test, 'fleetgrid_ocpp_faults_total', unmatched)))
})

t.test('8: the id is decoded and the query ignored', async (t) => {
  const { gateway, open } = await startGateway(t)
  for (const path of ['/ocpp/RDAM%20123?token=1', '/ocpp/RDAM%20123/']) {
    await once(open(path, ['ocpp1.6']).socket, 'open')
    t.ok(gateway.connections.get('RDAM 123')?.isOpen, path)
  }
})

t.test('9: nothing is sent while pending that must not be, or while rejected at all', async (t) => {
  const pending = await startGateway(t, { registration: 'pending' })
  const station = await pending.connect('CP1')
  const channel = pending.gateway.connections.get('CP1')
  t.match(await channel?.execute('start-charging', {}), { state: 'failed', reason: /pending/ })
  const reset = channel?.execute('reset', {})
  const [type, id] = await station.next()
  t.equal(type, 2)
  station.send([3, id, { status: 'Accepted' }])
  t.match(await reset, { state: 'accepted' })

  const rejected = await startGateway(t, { registration: 'rejected' })
  const old = await rejected.connect('CP1')
  const refused = await rejected.gateway.connections.get('CP1')?.execute('reset', {})
  t.match(refused, { state: 'failed', reason: /rejected/ })
  t.strictSame(old.unread, [])
  const newer = await rejected.connect('CP1', 'ocpp2.0.1')
  const trigger = { message: 'boot' }
  const triggered = rejected.gateway.connections.get('CP1')?.execute('trigger-message', trigger)
  const [, asked, action] = await newer.next()
  t.equal(action, 'TriggerMessage', 'only 2.0.1 may be asked to boot')
  newer.send([3, asked, { status: 'Accepted' }])
  t.match(await triggered, { state: 'accepted' })
})

t.test('9: before it is accepted a station may only boot', async (t) => {
  const { connect } = await startGateway(t, { registration: 'pending' })
  const station = await connect('CP1')
  t.match(await station.ask([2, 'a', 'Heartbeat', {}]), [4, 'a', 'SecurityError', String, {}])
  t.match(await station.ask([2, 'b', 'NoSuchAction', {}]), [4, 'b', 'SecurityError', String, {}])
  const boot = { chargePointVendor: 'V', chargePointModel: 'M' }
  t.match(await station.ask([2, 'c', 'BootNotification', boot]), [3, 'c', { status: 'Accepted' }])
  t.match(await station.ask([2, 'd', 'Heartbeat', {}]), [3, 'd'])
})

t.test('11: who answers no ping is cut off', async (t) => {
  const gateway = await startGateway(t, { options: { pingIntervalMs: 100, pongTimeoutMs: 100 } })
  const alive = await gateway.connect('ALIVE')
  await gateway.connect('DEAD', 'ocpp1.6', { autoPong: false })
  await until(() => countOf(gateway, 'fleetgrid_ocpp_disconnects_total', { cause: 'no-pong' }))
  t.equal(gateway.gateway.connections.get('DEAD'), undefined)
  t.match(await alive.ask([2, 'a', 'Heartbeat', {}]), [3, 'a'])
})

t.test('13: compression is given to whom it is offered by, and works both ways', async (t) => {
  const long = 'x'.repeat(5000)
  const actions = {
    '1.6': withHandler('DataTransfer', async ({ data }) => ({ status: 'Accepted', data })),
  }
  const { connect } = await startGateway(t, { actions })
  const compressed = await connect('CP1', 'ocpp1.6', { perMessageDeflate: { threshold: 0 } })
  t.match(compressed.socket.extensions, /permessage-deflate/)
  const call = [2, 'a', 'DataTransfer', { vendorId: 'V', data: long }]
  t.strictSame(await compressed.ask(call), [3, 'a', { status: 'Accepted', data: long }])
  const plain = await connect('CP2')
  t.equal(plain.socket.extensions, '')
  t.strictSame(await plain.ask(call), [3, 'a', { status: 'Accepted', data: long }])
})

t.test('13: whatever a client offers', async (t) => {
  const { connect } = await startGateway(t)
  const offers = [{}, { clientMaxWindowBits: 9 }, { serverMaxWindowBits: 9 }]
  for (const [index, offer] of offers.entries()) {
    const perMessageDeflate = { ...offer, threshold: 0 }
    const station = await connect(`CP${index}`, 'ocpp1.6', { perMessageDeflate })
    t.match(station.socket.extensions, /permessage-deflate/)
    for (const id of ['a', 'b', 'c']) {
      t.match(await station.ask([2, id, 'Heartbeat', {}]), [3, id])
    }
  }
})
