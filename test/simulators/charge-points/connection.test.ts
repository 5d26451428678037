import t from 'tap'
import { until } from '../../helpers/until.ts'
import { startRemotely, startStation, VERSIONS } from './stations.ts'
import { startCsms } from './stub-csms.ts'

const now = () => new Date().toISOString()

t.test('not let in: it says why, and tries again', async (t) => {
  for (const status of [401, 404]) {
    let isOpen = false
    const csms = await startCsms(t, { admit: () => (isOpen ? 200 : status) })
    const { station, counts, troubles } = startStation(t, csms.url)
    await until(() => counts.refused === 1)
    t.same(troubles, [`HTTP ${status}`])
    isOpen = true
    await until(() => station.isOnline)
    t.equal(counts.reconnects, 0)
  }
})

t.test('a server that is not there, comes, goes and comes', async (t) => {
  const early = await startCsms(t)
  await early.stop()
  const { id, station, counts, troubles } = startStation(t, early.url)
  await until(() => troubles.length > 0)
  t.match(troubles[0], /ECONNREFUSED/)
  const csms = await startCsms(t, { port: early.port })
  await until(() => station.isOnline)
  csms.cut(id)
  await until(() => counts.reconnects === 1)
  await until(() => csms.client(id).number === 2)
  t.equal(csms.of(id, 'BootNotification').length, 1)
})

t.test('the id is escaped in the address', async (t) => {
  const csms = await startCsms(t)
  const identity = { ...startStation(t, csms.url).station.identity, id: 'RDAM 123/4' }
  const { station } = startStation(t, csms.url, { identity })
  await until(() => station.isOnline)
  t.equal(csms.of('RDAM 123/4', 'BootNotification').length, 1)
})

t.test('without a common version there is no connection', async (t) => {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false })
  t.teardown(() => server.close())
  await until(() => server.address() !== null)
  const { port } = server.address() as { port: number }
  const { station, troubles } = startStation(t, `ws://127.0.0.1:${port}/ocpp`)
  await until(() => troubles.length > 0)
  t.match(troubles[0], /subprotocol/)
  t.notOk(station.connection.isOpen)
})

for (const protocol of VERSIONS) {
  t.test(`${protocol}: until it is accepted it only boots, and starts nothing`, async (t) => {
    const csms = await startCsms(t)
    let status = 'Pending'
    csms.answer('BootNotification', () => ({ status, currentTime: now(), interval: 1 }))
    const { id, station } = startStation(t, csms.url, {
      protocol,
      rates: { sessionsPerHour: 1000, faultRate: 0, offlineRate: 0 },
    })
    await csms.waitFor(id, 'BootNotification')
    t.match(await startRemotely(csms, id, protocol), { status: 'Rejected' })
    await until(() => csms.of(id, 'BootNotification').length === 2)
    t.ok(csms.received.every(({ action }) => action === 'BootNotification'))
    status = 'Accepted'
    await until(() => station.isOnline)
    await csms.waitFor(id, 'StatusNotification')
    await csms.waitFor(id, 'Heartbeat')
    t.same(csms.faults, [])
  })
}

t.test('a late answer is not taken for that of the next call', async (t) => {
  const csms = await startCsms(t)
  const { id, station, counts } = startStation(t, csms.url, { callTimeoutMs: 100 })
  await until(() => station.isOnline)
  csms.answer('Heartbeat', () => 'silence')
  const first = station.connection.call('Heartbeat', {})
  t.same(await first, { kind: 'timeout' })
  t.equal(counts.timeouts, 1)
  const late = csms.of(id, 'Heartbeat')[0]?.messageId
  csms.answer('Authorize', () => {
    csms.client(id).socket.send(JSON.stringify([3, late, { currentTime: 'too late' }]))
    return { idTagInfo: { status: 'Blocked' } }
  })
  t.match(await station.connection.call('Authorize', { idTag: 'A' }), {
    kind: 'answer',
    payload: { idTagInfo: { status: 'Blocked' } },
  })
})

t.test('a server that answers nothing any more is left', async (t) => {
  const csms = await startCsms(t)
  const { id, station, counts } = startStation(t, csms.url, { callTimeoutMs: 100 })
  await until(() => station.isOnline)
  csms.answer('Heartbeat', () => 'silence')
  const calls = [1, 2, 3].map(() => station.connection.call('Heartbeat', {}))
  t.same(
    (await Promise.all(calls)).map(({ kind }) => kind),
    ['timeout', 'timeout', 'lost'],
  )
  await until(() => csms.client(id).number === 2)
  t.equal(counts.timeouts, 2)
})

t.test('calls cross: it answers while it waits for an answer', async (t) => {
  const csms = await startCsms(t)
  const { id, station } = startStation(t, csms.url)
  await until(() => station.isOnline)
  csms.answer('Heartbeat', () => 'silence')
  void station.connection.call('Heartbeat', {})
  await csms.waitFor(id, 'Heartbeat')
  t.same(await csms.ask(id, 'GetLocalListVersion', {}), { listVersion: 0 })
})

t.test('nonsense is counted and changes nothing', async (t) => {
  const csms = await startCsms(t)
  const { id, station, counts } = startStation(t, csms.url)
  await until(() => station.isOnline)
  const { socket } = csms.client(id)
  for (const text of ['{', '""', 'null', '[9,"x",{}]', '[3,"unknown",{}]', '[4]']) socket.send(text)
  await until(() => counts.badFrames === 3)
  t.same(await csms.ask(id, 'GetLocalListVersion', {}), { listVersion: 0 })
  t.ok(station.isOnline)
})

t.test('compression, where both want it', async (t) => {
  const csms = await startCsms(t, { compression: true })
  const { id, station } = startStation(t, csms.url, { protocol: 'ocpp2.0.1', compression: true })
  await until(() => station.isOnline)
  t.match(csms.client(id).socket.extensions, /permessage-deflate/)
  await csms.ask(id, 'GetBaseReport', { requestId: 1, reportBase: 'FullInventory' })
  await csms.waitFor(id, 'NotifyReport', (p) => p.tbc === false)
  t.same(csms.faults, [])
})
