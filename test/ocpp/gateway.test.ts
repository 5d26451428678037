import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import type { Admission } from '../../src/charging/admission.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import { countOf, startGateway, withHandler } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

const handshakes = 'fleetgrid_ocpp_handshakes_total'

async function refusedWith(station: { socket: NodeJS.EventEmitter }): Promise<string> {
  const [error] = await once(station.socket, 'error')
  return (error as Error).message
}

t.test('who is not admitted gets an HTTP answer before the upgrade', async (t) => {
  const answers = {
    'not-known': 404,
    'wrong-key': 401,
    'not-secure-enough': 403,
  } as const
  for (const [refusal, status] of Object.entries(answers)) {
    const admit = async () => ({ refusal: refusal as keyof typeof answers })
    const test = await startGateway(t, { admit })
    t.match(await refusedWith(test.open('/ocpp/CP1', ['ocpp1.6'])), String(status))
    t.equal(await countOf(test, handshakes, { outcome: refusal }), 1)
    t.ok(
      test.logLines.some(
        ({ chargePoint, outcome }) => chargePoint === 'CP1' && outcome === refusal,
      ),
    )
    t.equal(test.gateway.connections.size, 0)
  }
})

t.test('paths that name nobody', async (t) => {
  const { open } = await startGateway(t)
  const long = 'i'.repeat(49)
  for (const path of [
    '/ocpp/',
    '/ocpp/a%3Ab',
    '/ocpp/a/b',
    `/ocpp/${long}`,
    '/ocpp/%',
    '/ocpp/%00',
  ]) {
    t.match(await refusedWith(open(path, ['ocpp1.6'])), '404', path)
  }
})

t.test('other paths and plain requests', async (t) => {
  const { open, app } = await startGateway(t)
  t.match(await refusedWith(open('/other', ['ocpp1.6'])), '404')
  const response = await app.inject('/ocpp/CP1')
  t.equal(response.statusCode, 426)
  t.equal(response.headers['upgrade'], 'websocket')
})

t.test('a store that is away: again later, at different times', async (t) => {
  const admit = async () => {
    throw new FleetgridError('unavailable', 'the database is away')
  }
  const test = await startGateway(t, { admit })
  const { socket } = test.open('/ocpp/CP1', ['ocpp1.6'])
  const [, response] = await once(socket, 'unexpected-response')
  t.equal(response.statusCode, 503)
  t.ok(Number(response.headers['retry-after']) >= 5)
})

t.test('a bug while admitting', async (t) => {
  const admit = async () => {
    throw new Error('broken')
  }
  const test = await startGateway(t, { admit })
  t.match(await refusedWith(test.open('/ocpp/CP1', ['ocpp1.6'])), '500')
  t.ok(test.logLines.some(({ level }) => level === 50))
})

/** Admissions that wait until the test lets them go. */
function createDoor() {
  const waiting: ((admission: Admission) => void)[] = []
  const admit = () => new Promise<Admission>((resolve) => waiting.push(resolve))
  const session = (epoch: number) => ({
    id: 'CP1',
    protocol: '1.6' as const,
    epoch,
    registration: 'accepted' as const,
    lastSeenAt: 0,
  })
  return { waiting, admit, session }
}

t.test('handshakes under way are bounded', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit, options: { handshakesMax: 2 } })
  const [first, second] = [test.open('/ocpp/CP1', ['ocpp1.6']), test.open('/ocpp/CP1', ['ocpp1.6'])]
  await until(() => waiting.length === 2)
  t.match(await refusedWith(test.open('/ocpp/CP1', ['ocpp1.6'])), '503')
  t.equal(await countOf(test, handshakes, { outcome: 'busy' }), 1)
  waiting[0]?.({ session: session(1) })
  await once(first.socket, 'open')
  const third = test.open('/ocpp/CP1', ['ocpp1.6'])
  await until(() => waiting.length === 3)
  waiting[1]?.({ session: session(2) })
  waiting[2]?.({ session: session(3) })
  await Promise.all([once(second.socket, 'open'), once(third.socket, 'open')])
})

t.test('the newest is the one that was admitted last, whichever is upgraded first', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit })
  const older = test.open('/ocpp/CP1', ['ocpp1.6'])
  await until(() => waiting.length === 1)
  const newer = test.open('/ocpp/CP1', ['ocpp1.6'])
  await until(() => waiting.length === 2)
  waiting[1]?.({ session: session(2) })
  await once(newer.socket, 'open')
  waiting[0]?.({ session: session(1) })
  t.equal((await older.closed).code, 1008)
  t.match(await newer.ask([2, 'a', 'Heartbeat', {}]), [3, 'a'])
  t.equal(test.gateway.connections.get('CP1')?.session.epoch, 2)
})

t.test('who hangs up or waits too long while it is admitted is gone again', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit, options: { handshakeTimeoutMs: 50 } })
  const late = test.open('/ocpp/CP1', ['ocpp1.6'])
  t.match(await refusedWith(late), '503')
  waiting[0]?.({ session: session(1) })
  await until(() => test.events.includes('left 1'))
  const patient = await startGateway(t, { admit })
  const gone = connectTcp(patient.port, '127.0.0.1')
  gone.write(
    [
      'GET /ocpp/CP1 HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: ocpp1.6',
      '\r\n',
    ].join('\r\n'),
  )
  await until(() => waiting.length === 2)
  gone.resetAndDestroy()
  await until(async () => {
    const counted = await new Promise<number>((resolve, reject) =>
      patient.app.server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
    )
    return counted === 0
  })
  waiting[1]?.({ session: session(2) })
  await until(() => patient.events.includes('left 2'))
  t.strictSame(patient.events, ['left 2'])
  t.equal(patient.gateway.connections.size, 0)
})

t.test('before it has started: nobody is asked who it is, all come again later', async (t) => {
  let asked = 0
  const admit = async (): Promise<Admission> => {
    asked += 1
    return { refusal: 'not-known' }
  }
  const test = await startGateway(t, { admit, isStarted: false })
  for (const protocol of ['ocpp1.6', 'ocpp2.0.1', 'unknown']) {
    const { socket } = test.open('/ocpp/CP1', [protocol])
    const [, response] = await once(socket, 'unexpected-response')
    t.equal(response.statusCode, 503)
    t.ok(Number(response.headers['retry-after']) >= 5)
  }
  t.equal(asked, 0)
  t.equal(await countOf(test, handshakes, { outcome: 'starting' }), 3)
  t.notOk(
    test.logLines.some(({ level }) => Number(level) >= 50),
    'it is no error',
  )
  test.gateway.start()
  t.match(await refusedWith(test.open('/ocpp/CP1', ['ocpp1.6'])), '404')
})

t.test('stopping: those who wait to be let in are turned away at once', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit })
  const { socket } = test.open('/ocpp/CP1', ['ocpp1.6'])
  const answered = once(socket, 'unexpected-response')
  await until(() => waiting.length === 1)
  await test.gateway.drain(0)
  const [, response] = await answered
  t.equal(response.statusCode, 503)
  t.ok(Number(response.headers['retry-after']) >= 5)
  t.equal(await countOf(test, handshakes, { outcome: 'stopping' }), 1)
  waiting[0]?.({ session: session(1) })
  await until(() => test.events.includes('left 1'))
})

t.test('changed settings apply to the connection that is there', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const beat = async (id: string) => (await station.ask([2, id, 'Heartbeat', { more: 1 }]))[0]
  t.equal(await beat('a'), 4)
  const accepted = { registration: 'accepted', leniency: ['extra-properties'] } as const
  test.gateway.refresh('NOBODY', accepted)
  test.gateway.refresh('CP1', accepted)
  t.equal(await beat('b'), 3)
  test.gateway.refresh('CP1', { registration: 'accepted', leniency: [] })
  t.equal(await beat('c'), 4)
  test.gateway.refresh('CP1', { registration: 'pending', leniency: [] })
  t.match(await station.ask([2, 'd', 'Heartbeat', {}]), [4, 'd', 'SecurityError'])
  test.gateway.refresh('CP1', accepted)
  t.match(await station.ask([2, 'e', 'Heartbeat', {}]), [4, 'e'], 'it hears of it when it boots')
  const boot = { chargePointVendor: 'V', chargePointModel: 'M' }
  t.match(await station.ask([2, 'f', 'BootNotification', boot]), [3, 'f', { status: 'Accepted' }])
  t.equal(await beat('g'), 3)
  t.equal(test.gateway.connections.get('CP1')?.session.epoch, 1, 'all on one connection')
})

t.test('settings that change while it is let in apply, too', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit })
  const station = test.open('/ocpp/CP1', ['ocpp1.6'])
  await until(() => waiting.length === 1)
  test.gateway.refresh('CP1', { registration: 'accepted', leniency: ['extra-properties'] })
  waiting[0]?.({ session: session(1) })
  await once(station.socket, 'open')
  t.match(await station.ask([2, 'a', 'Heartbeat', { more: 1 }]), [3, 'a'])
})

t.test('forwarded TLS is told only if the proxy is trusted', async (t) => {
  for (const trustedProxies of [[], ['127.0.0.1']]) {
    let isTls: boolean | undefined
    const admit = async (_id: string, introduction: { isTls: boolean }): Promise<Admission> => {
      isTls = introduction.isTls
      return { refusal: 'not-known' }
    }
    const test = await startGateway(t, { admit, trustedProxies })
    const headers = { 'x-forwarded-proto': 'https' }
    await refusedWith(test.open('/ocpp/CP1', ['ocpp1.6'], { headers }))
    t.equal(isTls, trustedProxies.length > 0)
  }
})

t.test('stopping: new ones are turned away, calls are answered, all are closed', async (t) => {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let isHandling = false
  const actions = {
    '1.6': withHandler('MeterValues', async () => {
      isHandling = true
      await released
      return {}
    }),
  }
  const test = await startGateway(t, { actions })
  const idle = await Promise.all(['A', 'B', 'C', 'D'].map((id) => test.connect(id)))
  const busy = await test.connect('BUSY')
  busy.send([2, 'a', 'MeterValues', { connectorId: 1, meterValue: [] }])
  await until(() => isHandling)
  busy.send([2, 'b', 'Heartbeat', {}])
  const drained = test.gateway.drain(0)
  t.match(await refusedWith(test.open('/ocpp/NEW', ['ocpp1.6'])), '503')
  for (const station of idle) t.equal((await station.closed).code, 1001)
  t.strictSame(busy.unread, [])
  release()
  t.strictSame(await busy.next(), [3, 'a', {}])
  t.equal((await busy.closed).code, 1001)
  await drained
  t.equal(test.gateway.connections.size, 0)
  t.strictSame(busy.unread, [], 'what was not begun is left to the next connection')
  t.equal(await countOf(test, 'fleetgrid_ocpp_connections', { version: '1.6' }), 0)
})

t.test('stopping: what a charge point was asked is answered first', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const channel = test.gateway.connections.get('CP1')
  const first = channel?.execute('reset', {})
  const second = channel?.execute('reset', {})
  const [, id] = await station.next()
  const drained = test.gateway.drain(0)
  station.send([3, id, { status: 'Accepted' }])
  t.match(await first, { state: 'accepted' })
  t.match(await second, { state: 'not-sent' })
  t.equal((await station.closed).code, 1001)
  await drained
})

t.test('stopping with time: not all at once', async (t) => {
  const test = await startGateway(t)
  const ids = Array.from({ length: 20 }, (_, index) => `CP${index}`)
  const stations = await Promise.all(ids.map((id) => test.connect(id)))
  const drained = test.gateway.drain(600_000)
  await Promise.race(stations.map(({ closed }) => closed))
  t.ok(test.gateway.connections.size > 1, 'others are still served')
  await test.gateway.drain(0)
  t.equal(test.gateway.connections.size, 0, 'unless there is no time any more')
  await drained
  t.equal(test.gateway.connections.size, 0)
})

t.test('closing the server closes its connections, also those that don’t answer', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const frozen = await test.connect('CP2')
  frozen.socket.pause()
  const closed = station.closed
  await test.app.close()
  t.equal((await closed).code, 1001)
  t.equal(test.gateway.connections.size, 0)
})

t.test('whose key has changed has to come again', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const other = await test.connect('CP2')
  test.gateway.turnAway('CP1', 'its key has changed')
  t.match(await station.closed, { code: 1008, reason: 'its key has changed' })
  test.gateway.turnAway('NOBODY', 'x')
  test.gateway.turnAway('CP2', 'ü'.repeat(200))
  t.equal((await other.closed).code, 1008, 'however long the reason is')
})

t.test('whose key changes while it is let in has to come again, too', async (t) => {
  const { waiting, admit, session } = createDoor()
  const test = await startGateway(t, { admit })
  const refused = refusedWith(test.open('/ocpp/CP1', ['ocpp1.6']))
  await until(() => waiting.length === 1)
  waiting[0]?.({ session: session(1) })
  // In the moment between the answer and the upgrade.
  test.gateway.turnAway('CP1', 'its key has changed')
  t.match(await refused, '503')
  await until(() => test.events.includes('left 1'))
  t.strictSame(test.events, ['left 1'])
})

t.test('the wire log has both directions', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  await station.ask([2, 'a', 'Heartbeat', {}])
  const frames = await test.gateway.wireLog.read('CP1', 10)
  t.match(frames, [
    { direction: 'in', text: '[2,"a","Heartbeat",{}]' },
    { direction: 'out', text: /^\[3,"a",\{"currentTime"/ },
  ])
})
