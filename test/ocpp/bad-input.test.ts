import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { FleetgridError } from '../../src/domain/errors.ts'
import { countOf, type Station, startGateway, withHandler } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

const faults = 'fleetgrid_ocpp_faults_total'

/** It is as if nothing had happened to it. */
async function isUnharmed(station: Station): Promise<boolean> {
  const [type] = await station.ask([2, `still-${Math.random()}`, 'Heartbeat', {}])
  return type === 3
}

t.test('frames that can’t be used are answered as each version has it', async (t) => {
  const test = await startGateway(t)
  const id37 = 'i'.repeat(37)
  const cases: [frame: string, fault: string, answer16: unknown[] | undefined, code201: string][] =
    [
      ['{', 'not-json', undefined, 'RpcFrameworkError'],
      ['{}', 'not-an-array', undefined, 'RpcFrameworkError'],
      ['['.repeat(1000), 'too-deep', undefined, 'RpcFrameworkError'],
      ['[2,1,"Heartbeat",{}]', 'id', undefined, 'RpcFrameworkError'],
      [
        `[2,"${id37}","Heartbeat",{}]`,
        'id-too-long',
        [4, id37, 'FormationViolation'],
        'RpcFrameworkError',
      ],
      ['[2,"b","Heartbeat"]', 'element-count', [4, 'b', 'FormationViolation'], 'ProtocolError'],
      ['[2,"c","Heartbeat",[]]', 'payload', [4, 'c', 'FormationViolation'], 'FormatViolation'],
      ['[7,"d"]', 'message-type', undefined, 'MessageTypeNotSupported'],
    ]
  const old = await test.connect('OLD')
  const newer = await test.connect('NEW', 'ocpp2.0.1')
  for (const [frame, fault, answer16, code201] of cases) {
    const before = await countOf(test, faults, { fault })
    const error = await newer.ask(frame)
    t.match(error, [4, String, code201, String, {}], fault)
    t.equal(error.length, 5, fault)
    old.send(frame)
    if (answer16 !== undefined) t.match(await old.next(), answer16, fault)
    t.ok(await isUnharmed(old), fault)
    t.strictSame(old.unread, [], fault)
    t.equal(await countOf(test, faults, { fault }), before + 2)
  }
  t.ok(
    test.logLines.some(({ chargePoint, fault }) => chargePoint === 'OLD' && fault === 'not-json'),
  )
})

t.test('a frame without anything in it is no frame', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  station.send('')
  t.ok(await isUnharmed(station))
  t.equal(await countOf(test, faults, {}), 0)
})

t.test('binary and too large frames close the connection, and no other', async (t) => {
  const test = await startGateway(t, { options: { frameSizeMaxBytes: 10_000 } })
  const other = await test.connect('OTHER')
  const binary = await test.connect('BINARY')
  binary.socket.send(Buffer.from('[2,"1","Heartbeat",{}]'))
  t.equal((await binary.closed).code, 1003)
  const large = await test.connect('LARGE')
  large.send([2, '1', 'Heartbeat', { x: 'x'.repeat(10_000) }])
  t.equal((await large.closed).code, 1009)
  const bomb = await test.connect('BOMB', 'ocpp1.6', { perMessageDeflate: { threshold: 0 } })
  bomb.send([2, '1', 'Heartbeat', { x: 'x'.repeat(1_000_000) }])
  t.equal((await bomb.closed).code, 1009, 'also if it is small when it is compressed')
  t.ok(await isUnharmed(other))
  await until(() => test.gateway.connections.size === 1)
  t.equal(await countOf(test, 'fleetgrid_ocpp_disconnects_total', { cause: 'binary' }), 1)
  t.equal(await countOf(test, 'fleetgrid_ocpp_disconnects_total', { cause: 'too-large' }), 2)
})

t.test('actions that are unknown, ours, or not for this side', async (t) => {
  const { connect, ...test } = await startGateway(t)
  const station = await connect('CP1')
  const code = async (action: string) => (await station.ask([2, action, action, {}]))[2]
  t.equal(await code('TransactionEvent'), 'NotImplemented')
  t.equal(await code('constructor'), 'NotImplemented')
  t.equal(await code('__proto__'), 'NotImplemented')
  t.equal(await code('Reset'), 'NotSupported')
  t.equal(await code('Authorize'), 'NotSupported', 'not in the table')
  const calls = { action: 'unknown', outcome: 'not-implemented' }
  t.equal(await countOf(test, 'fleetgrid_ocpp_calls_total', calls), 3)
})

t.test('calls that are refused have a metric and a log line, of a bounded length', async (t) => {
  const long = 'x'.repeat(100_000)
  const cases = [
    ['accepted', 'NoSuchAction', {}, 'not-implemented'],
    ['accepted', long, {}, 'not-implemented'],
    ['accepted', 'Heartbeat', { [long]: 1 }, 'syntax'],
    ['accepted', 'StatusNotification', {}, 'occurrence'],
    ['pending', 'Heartbeat', {}, 'security'],
  ] as const
  for (const [registration, action, payload, fault] of cases) {
    const test = await startGateway(t, { registration })
    const station = await test.connect('CP1')
    t.match(await station.ask([2, 'a', action, payload]), [4, 'a'])
    t.equal(await countOf(test, 'fleetgrid_ocpp_calls_total', { outcome: fault }), 1)
    const line = test.logLines.find((line) => line['fault'] === fault)
    t.match(line, { chargePoint: 'CP1', action: action.slice(0, 10), level: 40 })
    t.ok(JSON.stringify(line).length < 1000)
  }
})

t.test('what an action does wrong is an internal error, and stays here', async (t) => {
  const broken = [
    async () => {
      throw new Error('secret')
    },
    async () => ({ wrong: 1 }),
    async () => undefined as never,
    async () => {
      throw new FleetgridError('unavailable', 'secret')
    },
  ]
  for (const handle of broken) {
    const actions = { '1.6': withHandler('MeterValues', handle) }
    const { connect, logLines } = await startGateway(t, { actions })
    const station = await connect('CP1')
    const payload = { connectorId: 1, meterValue: [] }
    const answer = await station.ask([2, 'a', 'MeterValues', payload])
    t.strictSame(answer, [4, 'a', 'InternalError', '', {}])
    t.ok(logLines.some(({ action }) => action === 'MeterValues'))
    t.ok(await isUnharmed(station))
  }
})

t.test('ten thousand frames at once: refused, then closed; others don’t notice', async (t) => {
  const options = { framesPerSecondMax: 100, framesBurstMax: 100 }
  const test = await startGateway(t, { options })
  const other = await test.connect('OTHER')
  const flood = await test.connect('FLOOD')
  for (let n = 0; n < 10_000; n += 1) flood.send([2, `${n}`, 'Heartbeat', {}])
  t.equal((await flood.closed).code, 1008)
  const answered = flood.unread.filter(([type]) => type === 3)
  const refused = flood.unread.filter(([type, , code]) => type === 4 && code === 'GenericError')
  t.ok(answered.length < 500, `${answered.length} answered`)
  t.ok(refused.length >= 1 && refused.length < 500, `${refused.length} refused`)
  t.ok(await isUnharmed(other))
  t.equal(await countOf(test, 'fleetgrid_ocpp_disconnects_total', { cause: 'flood' }), 1)
})

t.test('pongs that nobody has asked for count, too', async (t) => {
  const test = await startGateway(t, { options: { framesPerSecondMax: 100, framesBurstMax: 100 } })
  const station = await test.connect('CP1')
  for (let n = 0; n < 10_000; n += 1) station.socket.pong()
  station.send([2, 'a', 'Heartbeat', {}])
  t.equal(
    (await Promise.race([station.closed, station.next().then(() => ({ code: 0 }))])).code,
    1008,
  )
})

t.test('long frames count for several: reading them takes as long', async (t) => {
  const options = { framesPerSecondMax: 0.001, framesBurstMax: 1000 }
  const test = await startGateway(t, { options })
  const station = await test.connect('CP1')
  const long = (id: string) => [2, id, 'Heartbeat', { x: 'x'.repeat(1_000_000) }]
  const answers = []
  for (const id of ['1', '2', '3', '4', '5']) answers.push((await station.ask(long(id)))[2])
  const isRead = Array(4).fill('FormationViolation')
  t.strictSame(answers, [...isRead, 'GenericError'], '245 frames each')
  const small = await startGateway(t, { options: { ...options, framesBurstMax: 10 } })
  const other = await small.connect('CP1')
  t.match(await other.ask(long('1')), [4, '1', 'FormationViolation'], 'one is never too much')
})

t.test(
  'a call that is never answered: its connection is cut, the next one is served',
  async (t) => {
    const actions = { '1.6': withHandler('MeterValues', () => new Promise(() => {})) }
    const options = { handlingMaxMs: 1, pingIntervalMs: 100 }
    const test = await startGateway(t, { actions, options })
    const station = await test.connect('CP1')
    station.send([2, 'a', 'MeterValues', { connectorId: 1, meterValue: [] }])
    t.equal((await station.closed).code, 1006)
    t.equal(await countOf(test, 'fleetgrid_ocpp_disconnects_total', { cause: 'stuck' }), 1)
    t.ok(test.logLines.some(({ level, chargePoint }) => level === 50 && chargePoint === 'CP1'))
    t.ok(await isUnharmed(await test.connect('CP1')))
  },
)

t.test('pings count, too', async (t) => {
  const test = await startGateway(t, { options: { framesPerSecondMax: 100, framesBurstMax: 100 } })
  const station = await test.connect('CP1')
  // One after the other: of many at once `ws` itself cuts who sends them.
  station.socket.on('pong', () => station.socket.ping())
  station.socket.ping()
  t.equal((await station.closed).code, 1008)
})

t.test('calls that don’t wait for answers wait here, some of them', async (t) => {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const handled: number[] = []
  let atOnce = 0
  const actions = {
    '1.6': withHandler('StatusNotification', async ({ connectorId }) => {
      atOnce += 1
      await released
      handled.push(connectorId)
      t.equal(atOnce, 1, 'one at a time')
      atOnce -= 1
      return {}
    }),
  }
  const { connect } = await startGateway(t, { actions, options: { callsWaitingMax: 3 } })
  const station = await connect('CP1')
  const status = (n: number, id = `${n}`) => [
    2,
    id,
    'StatusNotification',
    { connectorId: n, errorCode: 'NoError', status: 'Available' },
  ]
  for (let n = 1; n <= 5; n += 1) station.send(status(n))
  t.match(await station.next(), [4, '5', 'GenericError'], 'one is handled, three wait')
  t.match(await station.ask(status(9, '1')), [4, '1', 'ProtocolError'], 'this id is being handled')
  t.match(await station.ask(status(9, '3')), [4, '3', 'ProtocolError'], 'this one waits')
  release()
  for (const id of ['1', '2', '3', '4']) t.strictSame(await station.next(), [3, id, {}])
  t.strictSame(handled, [1, 2, 3, 4], 'in order')
  t.strictSame(await station.ask(status(6, '1')), [3, '1', {}], 'once answered it is another call')
})

t.test('who doesn’t read is cut off', async (t) => {
  const data = 'x'.repeat(200_000)
  const actions = {
    '1.6': withHandler('DataTransfer', async () => ({ status: 'Accepted', data })),
  }
  const test = await startGateway(t, { actions, options: { callsWaitingMax: 1000 } })
  const other = await test.connect('OTHER')
  const slow = await test.connect('SLOW')
  slow.socket.pause()
  for (let n = 0; n < 200; n += 1) slow.send([2, `${n}`, 'DataTransfer', { vendorId: 'V' }])
  const cut = { cause: 'slow-reader' }
  await until(() => countOf(test, 'fleetgrid_ocpp_disconnects_total', cut))
  t.equal(test.gateway.connections.get('SLOW'), undefined)
  t.ok(await isUnharmed(other))
  t.ok(test.logLines.some(({ cause }) => cause === 'slow-reader'))
})

t.test('an answer of a station that can’t be read says nothing of the outcome', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const channel = test.gateway.connections.get('CP1')
  const answers: [(id: unknown) => unknown[], object][] = [
    [(id) => [3, id, { status: 'Perhaps' }], { state: 'unknown', reason: /schema/ }],
    [(id) => [3, id], { state: 'unknown', reason: /can't be read/ }],
    [(id) => [4, id, 'NotSupported', 'no', {}], { state: 'failed', reason: 'NotSupported: no' }],
    [(id) => [4, id, 'NotSupported'], { state: 'failed', reason: 'NotSupported' }],
    [(id) => [3, id, { status: 'Rejected' }], { state: 'rejected' }],
  ]
  for (const [answer, result] of answers) {
    const execution = channel?.execute('reset', {})
    const [, id] = await station.next()
    station.send(answer(id))
    t.match(await execution, result)
  }
  t.match(await channel?.execute('no-such-kind', {}), {
    state: 'failed',
    reason: /OCPP 1.6 has no/,
  })
  const bug = await channel?.execute('reset', { type: 'Gentle' })
  t.match(bug, { state: 'failed', reason: /can't be said/ }, 'nothing wrong leaves')
  t.strictSame(station.unread, [])
})

t.test('leniency is that of the station, and each time is counted', async (t) => {
  const leniency = ['extra-properties']
  const test = await startGateway(t, { leniency })
  const station = await test.connect('CP1')
  t.match(await station.ask([2, 'a', 'Heartbeat', { more: 1 }]), [3, 'a'])
  const labels = { deviation: 'extra-properties', action: 'Heartbeat' }
  t.equal(await countOf(test, 'fleetgrid_ocpp_deviations_total', labels), 1)
})

t.test('a socket that is gone in the middle of everything', async (t) => {
  const test = await startGateway(t)
  const station = await test.connect('CP1')
  const channel = test.gateway.connections.get('CP1')
  const first = channel?.execute('reset', {})
  const second = channel?.execute('reset', {})
  await station.next()
  station.socket.terminate()
  t.match(await first, { state: 'unknown' }, 'it may have been carried out')
  t.match(await second, { state: 'not-sent' })
  t.match(await channel?.execute('reset', {}), { state: 'not-sent' })
})

t.test('calls of ours that wait are bounded', async (t) => {
  const test = await startGateway(t, { options: { callsQueuedMax: 2 } })
  const station = await test.connect('CP1')
  const channel = test.gateway.connections.get('CP1')
  const executions = [1, 2, 3, 4].map(() => channel?.execute('reset', {}))
  t.match(await executions[3], { state: 'not-sent', reason: /too many/ })
  for (const execution of executions.slice(0, 3)) {
    const [, id] = await station.next()
    t.strictSame(station.unread, [], 'one at a time')
    station.send([3, id, { status: 'Accepted' }])
    t.match(await execution, { state: 'accepted' })
  }
})

t.test('what is no WebSocket frame closes the connection, and no other', async (t) => {
  const wrong = {
    'not masked': [0x81, 0x01, 0x61],
    'a reserved bit': [0xc1, 0x80, 0, 0, 0, 0],
    'an opcode that is none': [0x83, 0x80, 0, 0, 0, 0],
    'a control frame in parts': [0x09, 0x80, 0, 0, 0, 0],
    'a part of nothing': [0x80, 0x80, 0, 0, 0, 0],
  }
  const test = await startGateway(t)
  const other = await test.connect('OTHER')
  for (const [what, bytes] of Object.entries(wrong)) {
    const station = await test.connect('CP1')
    const { _socket: tcp } = station.socket as unknown as { readonly _socket: Socket }
    tcp.write(Buffer.from(bytes))
    t.equal((await station.closed).code, 1002, what)
  }
  const count = Object.keys(wrong).length
  const ended = { cause: 'websocket' }
  await until(async () => {
    return (await countOf(test, 'fleetgrid_ocpp_disconnects_total', ended)) === count
  })
  t.equal(await countOf(test, faults, { fault: 'websocket' }), count)
  t.ok(test.logLines.some((line) => line['fault'] === 'websocket' && line['chargePoint'] === 'CP1'))
  t.ok(await isUnharmed(other))
})

t.test('texts that are no UTF-8', async (t) => {
  const { connect } = await startGateway(t)
  const station = await connect('CP1')
  station.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
  const [code] = await once(station.socket, 'close')
  t.equal(code, 1007)
})
