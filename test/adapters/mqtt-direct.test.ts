import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import t, { type Test } from 'tap'
import type {
  MqttClient,
  MqttClientListener,
} from '../../src/adapters/telemetry-feed/mqtt/client.ts'
import type {
  ConnectionFailure,
  Ending,
} from '../../src/adapters/telemetry-feed/mqtt/describe-failure.ts'
import { openClients } from '../../src/adapters/telemetry-feed/mqtt/open-clients.ts'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import { mqttFeedConfig } from '../helpers/mqtt-feed.ts'
import { until } from '../helpers/until.ts'

// The client of ours against brokers that do what real ones seldom do.

const MQTT_5 = { protocolVersion: 5 }
const MESSAGE: IPublishPacket = {
  ...{ cmd: 'publish', topic: 'a', payload: 'b', qos: 1, dup: false, retain: false },
}
const ACCEPTED: Packet = { cmd: 'connack', reasonCode: 0, sessionPresent: false }

interface Broker {
  readonly url: string
  readonly got: Packet[]
  readonly connects: number[]
  /** To the connection that came last. */
  send(packet: Packet | Buffer): void
}

/** Answers a packet with what `answer` says; undefined: not at all. */
async function startBroker(
  t: Test,
  answer: (packet: Packet) => Packet | undefined,
): Promise<Broker> {
  const got: Packet[] = []
  const connects: number[] = []
  const sockets = new Set<Socket>()
  let last: Socket | undefined
  const server = createServer((socket) => {
    last = socket
    sockets.add(socket)
    connects.push(performance.now())
    const packets = parser(MQTT_5)
    packets.on('packet', (packet) => {
      got.push(packet)
      const reply = answer(packet)
      if (reply !== undefined) socket.write(generate(reply, MQTT_5))
      if (packet.cmd === 'disconnect') socket.end()
    })
    socket.on('data', (chunk) => packets.parse(chunk))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const send = (packet: Packet | Buffer): void => {
    last?.write(Buffer.isBuffer(packet) ? packet : generate(packet, MQTT_5))
  }
  return { url: `mqtt://127.0.0.1:${port}`, got, connects, send }
}

interface Heard {
  readonly client: MqttClient
  readonly failures: ConnectionFailure[]
  readonly endings: Ending[]
  readonly tickets: number[]
  readonly connected: () => number
  readonly stopped: () => number
}

async function open(
  t: Test,
  url: string,
  settings: Partial<MqttFeedConfig> = {},
  takesMax = Number.POSITIVE_INFINITY,
): Promise<Heard> {
  const makeClient = await openClients(mqttFeedConfig(url, settings))
  const [failures, endings, tickets]: [ConnectionFailure[], Ending[], number[]] = [[], [], []]
  let connected = 0
  let stopped = 0
  const listener: MqttClientListener = {
    onMessage: (_topic, _payload, ticket) => tickets.push(ticket),
    mayTake: () => tickets.length < takesMax,
    onConnected: () => {
      connected += 1
    },
    onNotConnected: (failure) => failures.push(failure),
    onDisconnected: (ending) => endings.push(ending),
    onStopped: () => {
      stopped += 1
    },
    onError: (failure) => failures.push(failure),
  }
  const client = makeClient('one', listener)
  client.start()
  t.after(() => {
    client.stop({ endsSession: false })
    client.close()
  })
  return { client, failures, endings, tickets, connected: () => connected, stopped: () => stopped }
}

const accept = ({ cmd }: Packet): Packet | undefined => (cmd === 'connect' ? ACCEPTED : undefined)

t.test('a broker that falls silent is left, one that answers is not', async (t) => {
  const broker = await startBroker(t, accept)
  const { endings } = await open(t, broker.url, { keepAliveSeconds: 1 })
  await until(() => endings.length === 1)
  t.match(endings[0], { text: /fell silent/, cause: 'other' })
  t.ok(broker.got.some(({ cmd }) => cmd === 'pingreq'))
  const alive = await startBroker(t, (packet) =>
    packet.cmd === 'pingreq' ? { cmd: 'pingresp' } : accept(packet),
  )
  const other = await open(t, alive.url, { keepAliveSeconds: 1 })
  await until(() => alive.got.filter(({ cmd }) => cmd === 'pingreq').length === 3)
  t.strictSame(other.endings, [])
})

t.test('the broker may want signs of life more often', async (t) => {
  const broker = await startBroker(t, (packet) => {
    if (packet.cmd === 'pingreq') return { cmd: 'pingresp' }
    return packet.cmd === 'connect'
      ? { ...ACCEPTED, properties: { serverKeepAlive: 1 } }
      : undefined
  })
  await open(t, broker.url, { keepAliveSeconds: 1200 })
  await until(() => broker.got.filter(({ cmd }) => cmd === 'pingreq').length === 2)
})

t.test('a broker that wants no signs of life, or few, is watched all the same', async (t) => {
  for (const serverKeepAlive of [0, 3600]) {
    const broker = await startBroker(t, ({ cmd }) =>
      cmd === 'connect' ? { ...ACCEPTED, properties: { serverKeepAlive } } : undefined,
    )
    const { endings } = await open(t, broker.url, { keepAliveSeconds: 1 })
    await until(() => endings.length === 1)
    t.match(endings[0], { text: /fell silent/ }, `server keep alive ${serverKeepAlive}`)
  }
})

t.test('the broker says why it ends a connection', async (t) => {
  const broker = await startBroker(t, accept)
  const { connected, endings } = await open(t, broker.url)
  await until(() => connected() === 1)
  broker.send({ cmd: 'disconnect', reasonCode: 142 })
  await until(() => endings.length === 1)
  t.match(endings[0], { text: /another process uses this client id/, cause: 'taken-over' })
  await until(() => connected() === 2, { what: 'it comes again' })
  broker.send({ cmd: 'disconnect', reasonCode: 151, properties: { reasonString: 'too much' } })
  await until(() => endings.length === 2)
  t.match(endings[1], { text: 'the broker says reason 151 (too much)', cause: 'other' })
})

t.test('a CONNACK that refuses', async (t) => {
  const broker = await startBroker(t, () => ({ ...ACCEPTED, reasonCode: 133 }))
  const { failures, connected } = await open(t, broker.url)
  await until(() => failures.length === 2, { what: 'it tries again' })
  t.match(failures[0], { text: /does not accept this client id/, isFinal: true })
  t.equal(connected(), 0)
  const [first = 0, second = 0] = broker.connects
  t.ok(second - first >= 1000, 'after a second at least')
})

t.test('a broker of MQTT 3.1.1 is said to be one', async (t) => {
  const broker = await startBroker(t, () => undefined)
  const { failures, connected } = await open(t, broker.url)
  await until(() => broker.got.length === 1)
  broker.send(Buffer.from([0x20, 2, 0, 1]))
  await until(() => failures.length === 1)
  t.match(failures[0], { text: /the broker does not speak MQTT 5/, isFinal: true })
  t.equal(connected(), 0)
})

t.test('a message before the CONNACK, and anything after a refusal', async (t) => {
  const message = generate({ ...MESSAGE, messageId: 1 }, MQTT_5)
  const refused = generate({ ...ACCEPTED, reasonCode: 136 }, MQTT_5)
  const accepted = generate(ACCEPTED, MQTT_5)
  const cases = [
    [message, accepted],
    [refused, message],
    [refused, accepted],
  ]
  for (const bytes of cases) {
    const broker = await startBroker(t, () => undefined)
    const { failures, connected, tickets } = await open(t, broker.url)
    await until(() => broker.got.length === 1)
    broker.send(Buffer.concat(bytes))
    await until(() => failures.length === 1)
    t.strictSame([connected(), tickets], [0, []])
  }
})

t.test('a password without a user name', async (t) => {
  const broker = await startBroker(t, accept)
  const { connected } = await open(t, broker.url, { password: 'token' })
  await until(() => connected() === 1)
  t.match(broker.got[0], { cmd: 'connect', username: '', password: Buffer.from('token') })
})

t.test('bytes that are not MQTT', async (t) => {
  const broker = await startBroker(t, accept)
  const { connected, endings } = await open(t, broker.url)
  await until(() => connected() === 1)
  broker.send(Buffer.from([0, 0]))
  await until(() => endings.length === 1)
  t.match(endings[0], { text: /does not speak MQTT 5: .*a packet/, cause: 'other' })
})

t.test('PUBACKs are with the broker before the good-bye; later ones are void', async (t) => {
  const broker = await startBroker(t, accept)
  const { client, tickets, connected, stopped } = await open(t, broker.url)
  await until(() => connected() === 1)
  const many = Array.from({ length: 3000 }, (_, place) =>
    generate({ ...MESSAGE, messageId: place + 1 }, MQTT_5),
  )
  broker.send(Buffer.concat(many))
  await until(() => tickets.length === 3000)
  for (const ticket of tickets) client.acknowledge(ticket)
  client.stop({ endsSession: true })
  client.acknowledge(1)
  await until(() => stopped() === 1)
  client.acknowledge(1)
  const sent = broker.got.slice(1)
  t.equal(sent.filter(({ cmd }) => cmd === 'puback').length, 3000)
  t.match(sent.at(-1), { cmd: 'disconnect', properties: { sessionExpiryInterval: 0 } })
})

t.test('a connection that is held is no silent one, and can be left', async (t) => {
  const broker = await startBroker(t, accept)
  const { client, endings, tickets, stopped } = await open(
    t,
    broker.url,
    { keepAliveSeconds: 1 },
    1,
  )
  await until(() => broker.got.length === 1)
  broker.send(Buffer.concat([1, 2].map((messageId) => generate({ ...MESSAGE, messageId }, MQTT_5))))
  const pings = (): number => broker.got.filter(({ cmd }) => cmd === 'pingreq').length
  await until(() => pings() === 3)
  t.strictSame(tickets, [1])
  t.equal(endings.length, 0)
  client.stop({ endsSession: false })
  await until(() => stopped() === 1)
  t.equal(broker.got.at(-1)?.cmd, 'disconnect')
})

t.test('requests end with the connection', async (t) => {
  const broker = await startBroker(t, accept)
  const { client, connected } = await open(t, broker.url)
  await t.rejects(client.subscribe(['a']), { message: 'there is no connection' })
  await until(() => connected() === 1)
  const subscribing = client.subscribe(['a'])
  await until(() => broker.got.some(({ cmd }) => cmd === 'subscribe'))
  broker.send({ cmd: 'disconnect', reasonCode: 139 })
  await t.rejects(subscribing, { message: 'the connection was lost' })
})

t.test('stopped while it waits, and while it connects: told once', async (t) => {
  const refusing = await startBroker(t, () => ({ ...ACCEPTED, reasonCode: 136 }))
  const waiting = await open(t, refusing.url)
  await until(() => waiting.failures.length === 1)
  waiting.client.stop({ endsSession: false })
  await until(() => waiting.stopped() === 1)
  t.equal(refusing.connects.length, 1)
  const mute = await startBroker(t, () => undefined)
  const connecting = await open(t, mute.url)
  await until(() => mute.got.length === 1)
  connecting.client.stop({ endsSession: false })
  await until(() => connecting.stopped() === 1)
  t.strictSame([connecting.failures, connecting.endings], [[], []])
})
