import { connect as connectSocket } from 'node:net'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate } from 'mqtt-packet'
import t from 'tap'
import {
  createEmbeddedFeed,
  type EmbeddedFeedOptions,
} from '../../src/adapters/telemetry-feed/embedded.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { until } from '../helpers/until.ts'

interface Test {
  after(close: () => unknown): void
}

async function startFeed(t: Test, options: Partial<EmbeddedFeedOptions> = {}) {
  const delivered: FeedMessage[] = []
  const counts = { delivered: 0, relayed: 0, dropped: 0, rejected: 0, connections: 0 }
  const feed = createEmbeddedFeed({
    host: '127.0.0.1',
    port: 0,
    anonymous: 'all',
    connectionsMax: 100,
    verifyToken: async (token) => {
      const [role, subject] = token.split(':')
      if (role === undefined || subject === undefined) throw new Error('not a token')
      return { subject, roles: new Set([role]) }
    },
    now: () => 1000,
    onConnections: (count) => {
      counts.connections = count
    },
    onRejected: () => undefined,
    onUnread: () => undefined,
    onPublish: (outcome) => {
      counts[outcome] += 1
    },
    ...options,
  })
  await feed.start((message) => delivered.push(message))
  t.after(() => feed.close())
  const url = feed.describe().urls[0] ?? ''
  const connect = async (more: IClientOptions = {}): Promise<MqttClient> => {
    const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...more })
    client.on('error', () => undefined)
    t.after(() => client.endAsync(true))
    return client
  }
  return { feed, delivered, counts, url, connect }
}

const TOPIC = 'dt/cvra/ECU-1/cardata'

t.test('PUBACK comes after acknowledge, not before', async (t) => {
  const { delivered, connect } = await startFeed(t)
  const client = await connect()
  let acknowledged = false
  const publishing = client.publishAsync(TOPIC, '{}', { qos: 1 }).then(() => {
    acknowledged = true
  })
  const message = await until(() => delivered[0])
  // A round trip on the same connection: a PUBACK that had been sent would be here by now.
  await client.subscribeAsync('answer')
  t.notOk(acknowledged)
  t.match(message, { topic: TOPIC, receivedAt: 1000 })
  t.equal(Buffer.from(message.payload).toString(), '{}')
  message.acknowledge()
  await publishing
  t.ok(acknowledged)
})

t.test('what is refused comes again on the next connection', async (t) => {
  const { delivered, connect } = await startFeed(t)
  const client = await connect({ reconnectPeriod: 10, clientId: 'again' })
  const publishing = client.publishAsync(TOPIC, 'x', { qos: 1 })
  const first = await until(() => delivered[0])
  first.refuse('disk full')
  const second = await until(() => delivered[1])
  second.acknowledge()
  await publishing
  t.equal(delivered.length, 2)
})

t.test('while stopping nothing new is taken, and what is out still gets its PUBACK', async (t) => {
  const { feed, delivered, connect, url } = await startFeed(t)
  const client = await connect()
  const publishing = client.publishAsync(TOPIC, 'in time', { qos: 1 })
  const message = await until(() => delivered[0])
  await feed.stopIntake()
  void client.publishAsync(TOPIC, 'too late', { qos: 1 }).catch(() => undefined)
  await client.subscribeAsync('a-round-trip').catch(() => undefined)
  message.acknowledge()
  await publishing
  t.equal(delivered.length, 1)
  await t.rejects(
    connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 500 }),
  )
})

t.test('who may publish where', async (t) => {
  const own = 'dt/cvra/ECU-1/cardata'
  const other = 'dt/cvra/ECU-2/cardata'
  const asset = 'cdf/assetlibrary/events/devices/x/create'
  const rules: [
    anonymous: 'all' | 'telemetry' | 'none',
    password: string | undefined,
    topic: string,
    allowed: boolean,
  ][] = [
    ['all', undefined, own, true],
    ['all', undefined, asset, true],
    ['all', undefined, '$SYS/x', false],
    ['telemetry', undefined, own, true],
    ['telemetry', undefined, asset, false],
    ['none', 'device:ECU-1', own, true],
    ['none', 'device:ECU-1', other, false],
    ['none', 'device:ECU-1', asset, false],
    ['none', 'viewer:eva', own, false],
    ['none', 'operator:ada', other, true],
    ['none', 'operator:ada', asset, true],
    ['none', 'admin:root', '$SYS/x', false],
    ['all', 'device:ECU-1', other, false],
    ['all', undefined, 'fleetgrid/anomaly-records', true],
    ['telemetry', undefined, 'fleetgrid/anomaly-records', false],
    ['telemetry', undefined, 'fleetgrid/rule-errors', false],
    ['all', 'device:ECU-1', 'fleetgrid/anomaly-records', false],
    ['none', 'device:fleetgrid', 'fleetgrid/rule-errors', false],
    ['none', 'viewer:eva', 'fleetgrid/rule-errors', false],
    ['none', 'operator:ada', 'fleetgrid/anomaly-records', true],
    ['none', 'admin:root', 'fleetgrid/rule-errors', true],
  ]
  for (const [anonymous, password, topic, allowed] of rules) {
    await t.test(`${anonymous}, ${password ?? 'no token'}, ${topic}`, async (t) => {
      const { delivered, counts, connect } = await startFeed(t, { anonymous })
      const client = await connect(password === undefined ? {} : { username: 'x', password })
      void client.publishAsync(topic, '{}', { qos: 1 }).catch(() => undefined)
      if (allowed) await until(() => delivered.length === 1)
      else await until(() => counts.rejected === 1 && !client.connected)
      t.equal(delivered.length, allowed ? 1 : 0)
    })
  }
})

t.test('a wrong token, or none where one is asked for, is told so at CONNECT', async (t) => {
  const { url } = await startFeed(t, { anonymous: 'none' })
  const options = { protocolVersion: 4, reconnectPeriod: 0 } as const
  await t.rejects(connectAsync(url, options), { code: 5 })
  await t.rejects(connectAsync(url, { ...options, username: 'x', password: 'guess' }), { code: 4 })
})

t.test('while tokens cannot be checked a client is told to come again', async (t) => {
  const verifyToken = async () => {
    throw new FleetgridError('unavailable', 'the key set cannot be had')
  }
  const { url } = await startFeed(t, { verifyToken })
  const options = { protocolVersion: 4, reconnectPeriod: 0, username: 'x', password: 'y' } as const
  await t.rejects(connectAsync(url, options), { code: 3 })
})

t.test('subscribers hear what is published, at QoS 0, and nothing is retained', async (t) => {
  const { delivered, connect } = await startFeed(t)
  const listener = await connect({ clean: false, clientId: 'listener' })
  const grants = await listener.subscribeAsync('dt/cvra/#', { qos: 1 })
  t.equal(grants[0]?.qos, 0)
  const heard = new Promise((resolve) => listener.once('message', resolve))
  const client = await connect()
  const publishing = client.publishAsync(TOPIC, 'hello', { qos: 1, retain: true })
  ;(await until(() => delivered[0])).acknowledge()
  await publishing
  t.equal(await heard, TOPIC)
  const late = await connect()
  const retained: string[] = []
  late.on('message', (topic) => retained.push(topic))
  await late.subscribeAsync('dt/cvra/#')
  await late.subscribeAsync('a-round-trip')
  t.same(retained, [])
})

t.test('a subscriber that does not read holds nobody up and fills no memory', async (t) => {
  const { delivered, counts, url, connect } = await startFeed(t)
  const { port } = new URL(url)
  const slow = connectSocket(Number(port), '127.0.0.1')
  slow.on('error', () => undefined)
  t.after(() => slow.destroy())
  const hello = {
    clientId: 'slow',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
  } as const
  slow.write(generate({ cmd: 'connect', ...hello }))
  const subscriptions = [{ topic: 'dt/cvra/#', qos: 0 as const }]
  slow.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions }))
  // CONNACK and SUBACK; from then on it reads no more.
  await new Promise((resolve) => slow.once('data', resolve))
  slow.pause()
  const client = await connect()
  const payload = Buffer.alloc(20_000, 'x')
  for (let round = 0; round < 60; round += 1) {
    const sent = Array.from({ length: 50 }, () => client.publishAsync(TOPIC, payload, { qos: 1 }))
    let acknowledged = false
    void Promise.all(sent).then(() => {
      acknowledged = true
    })
    await until(() => {
      for (const message of delivered.splice(0)) message.acknowledge()
      return acknowledged
    })
  }
  t.ok(counts.dropped > 0, `${counts.dropped} of 3000 were not relayed`)
  slow.destroy()
  const again = client.publishAsync(TOPIC, 'x', { qos: 1 })
  ;(await until(() => delivered[0])).acknowledge()
  await again
})

t.test('QoS 2 is refused, as AWS IoT Core does', async (t) => {
  const { delivered, connect } = await startFeed(t)
  const client = await connect()
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  void client.publishAsync(TOPIC, 'x', { qos: 2 }).catch(() => undefined)
  await closed
  t.equal(delivered.length, 0)
})

t.test('other topics are relayed to their subscribers and told', async (t) => {
  const unread: string[] = []
  const { delivered, counts, connect } = await startFeed(t, {
    onUnread: (topic) => unread.push(topic),
  })
  const client = await connect()
  for (const topic of ['home/kitchen', 'dt/cvar/ECU-1/cardata']) {
    await client.publishAsync(topic, 'x', { qos: 1 })
  }
  t.equal(delivered.length, 0)
  t.equal(counts.relayed, 2)
  t.same(unread, ['home/kitchen', 'dt/cvar/ECU-1/cardata'])
  void client.publishAsync('dt/cvra/ECU-1/cartada', 'x', { qos: 1 }).catch(() => undefined)
  await until(() => delivered.length === 1)
  t.equal(unread.length, 2, 'what is misspelt below those that are read is delivered, and kept')
})

t.test('bad input: a packet that announces 100 MB is cut off', async (t) => {
  const { url } = await startFeed(t)
  const { port } = new URL(url)
  const socket = connectSocket(Number(port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  socket.write(
    generate({
      cmd: 'connect',
      clientId: 'big',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
    }),
  )
  socket.write(Buffer.from([0x32, 0x80, 0xc2, 0xd7, 0x2f]))
  socket.write(Buffer.alloc(1024))
  await closed
  t.pass('closed')
})

t.test('bad input: bytes that are not MQTT close the connection, the others stay', async (t) => {
  const { url, connect, delivered } = await startFeed(t)
  const client = await connect()
  const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await closed
  void client.publishAsync(TOPIC, 'x', { qos: 1 }).catch(() => undefined)
  ;(await until(() => delivered[0])).acknowledge()
  t.ok(client.connected)
})

t.test('more connections than the limit are closed at once', async (t) => {
  const { url, connect, counts } = await startFeed(t, { connectionsMax: 1 })
  const first = await connect()
  const second = connectSocket(Number(new URL(url).port), '127.0.0.1')
  await new Promise((resolve) => second.once('close', resolve))
  await first.endAsync(true)
  await until(() => counts.connections === 0)
  t.ok((await connect()).connected)
})

t.test('a port that is taken says so and what to do', async (t) => {
  const { url } = await startFeed(t)
  await t.rejects(startFeed(t, { port: Number(new URL(url).port) }), /taken.*MQTT_PORT/)
})
