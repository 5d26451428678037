import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { Connection } from '../../../simulators/vehicles/connection.ts'
import { createCounts } from '../../../simulators/vehicles/counts.ts'
import type { Outgoing } from '../../../simulators/vehicles/messages.ts'
import { createChannel } from '../../../simulators/vehicles/outbox.ts'
import { until } from '../../helpers/until.ts'
import { startBroker } from './broker.ts'

const MAX_IN_FLIGHT = 4
const MAX_UNSENT = 10

function setUp(t: Test, broker: string) {
  const counts = createCounts()
  const troubles: string[] = []
  const refusals: string[] = []
  const connection = new Connection(
    {
      broker,
      clientId: 'test',
      username: undefined,
      password: undefined,
      maxInFlight: MAX_IN_FLIGHT,
      maxUnsentPerVehicle: MAX_UNSENT,
    },
    counts,
    {
      online: () => {},
      trouble: (reason) => troubles.push(reason),
      refused: (reason) => refusals.push(reason),
    },
  )
  t.teardown(() => connection.end())
  connection.start()
  return { connection, counts, troubles, refusals }
}

function message(number: number): Outgoing {
  return { kind: 'cardata', topic: 'dt/cvra/ECU/cardata', payload: JSON.stringify({ number }) }
}

t.test('only what the broker acknowledged counts, and no more than so many wait', async (t) => {
  const held: (() => void)[] = []
  const broker = await startBroker(t, {
    authorizePublish: (_client, _packet, done) => held.push(() => done(null)),
  })
  const { connection, counts } = setUp(t, broker.url)
  const [channel, neighbour] = [createChannel(), createChannel()]
  await until(() => connection.isOnline)
  for (let number = 0; number < 6; number++) connection.send(channel, message(number))
  connection.send(neighbour, message(6))

  await until(() => held.length > 0)
  t.equal(counts.published, MAX_IN_FLIGHT)
  t.equal(connection.inFlight, MAX_IN_FLIGHT)
  t.equal(counts.acknowledged, 0)
  t.notOk(connection.hasRoom(channel))
  t.notOk(connection.hasRoom(neighbour))

  const settled = connection.settle()
  for (let number = 0; number < 7; number++) {
    await until(() => held.length > 0)
    held.shift()?.()
  }
  await settled
  await broker.waitFor((received) => received.length === 7)
  t.match(counts, { published: 7, acknowledged: 7, failed: 0, dropped: 0 })
  t.equal(counts.acknowledgedByKind.cardata, 7)
  t.ok(connection.hasRoom(channel))
  t.same(
    broker.received.map(({ body }) => body['number']),
    [0, 1, 2, 3, 4, 6, 5],
    'in order, and everybody gets a turn',
  )
  t.ok(broker.received.every(({ qos }) => qos === 1))
})

t.test('away: the newest messages are kept and come later, the rest is counted', async (t) => {
  const first = await startBroker(t)
  const { connection, counts } = setUp(t, first.url)
  const [channel, neighbour] = [createChannel(), createChannel()]
  await until(() => connection.isOnline)
  await first.stop()
  await until(() => !connection.isOnline)

  for (let number = 0; number < 15; number++) {
    t.ok(connection.hasRoom(channel), 'a vehicle without connection goes on measuring')
    connection.send(channel, message(number))
  }
  connection.send(neighbour, message(99))
  t.equal(counts.dropped, 5)
  t.equal(counts.published, 0)

  const second = await startBroker(t, {}, first.port)
  await second.waitFor((received) => received.length === 11)
  await connection.settle()
  t.match(counts, { published: 11, acknowledged: 11, dropped: 5, reconnects: 1 })
  const numbers = second.received.map(({ body }) => body['number'])
  t.same(
    numbers.filter((number) => number !== 99),
    [5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  )
  t.ok(numbers.indexOf(99) < 3, 'a neighbour does not wait for the whole backlog')
})

t.test('what was on its way when the connection broke is sent again', async (t) => {
  const first = await startBroker(t, { authorizePublish: () => {} })
  const { connection, counts } = setUp(t, first.url)
  await until(() => connection.isOnline)
  connection.send(createChannel(), message(1))
  t.equal(connection.inFlight, 1)
  await first.stop()
  await until(() => !connection.isOnline)

  const second = await startBroker(t, {}, first.port)
  await second.waitFor((received) => received.length === 1)
  await until(() => counts.acknowledged === 1)
  t.match(counts, { published: 1, failed: 0 })
})

t.test('end counts what never left', async (t) => {
  const broker = await startBroker(t)
  const { connection, counts } = setUp(t, broker.url)
  await until(() => connection.isOnline)
  await broker.stop()
  await until(() => !connection.isOnline)
  connection.send(createChannel(), message(1))
  await connection.settle()
  await connection.end()
  t.match(counts, { published: 0, dropped: 1 })
})

t.test('a refusal is told as one, an absent broker as trouble', async (t) => {
  const strict = await startBroker(t, {
    authenticate: (_client, _username, _password, done) => done(null, false),
  })
  const refused = setUp(t, strict.url)
  await until(() => refused.refusals.length > 0)
  t.match(refused.refusals[0], /Not authorized/)

  const absent = setUp(t, `mqtt://127.0.0.1:${await findClosedPort()}`)
  await until(() => absent.troubles.length > 0)
  t.match(absent.troubles[0], /ECONNREFUSED/)
  t.same(absent.refusals, [])
})

t.test('a broker that hangs up on every message is suspected of not wanting it', async (t) => {
  const broker = await startBroker(t, {
    authorizePublish: (_client, _packet, done) => done(new Error('no')),
  })
  const { connection, troubles, counts } = setUp(t, broker.url)
  await until(() => connection.isOnline)
  connection.send(createChannel(), message(1))
  await until(() => troubles.some((text) => /may not want this client to publish/.test(text)))
  t.equal(counts.acknowledged, 0)
})

async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
