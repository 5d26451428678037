import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { generate, type IPublishPacket } from 'mqtt-packet'
import t from 'tap'
import type { MqttClientListener } from '../../src/adapters/telemetry-feed/mqtt/client.ts'
import {
  Connection,
  type ConnectionOptions,
} from '../../src/adapters/telemetry-feed/mqtt/connection.ts'
import { describeRefusedFilters } from '../../src/adapters/telemetry-feed/mqtt/describe-failure.ts'
import {
  describeLinkEnding,
  describeLinkFailure,
} from '../../src/adapters/telemetry-feed/mqtt/direct/describe-end.ts'
import { PacketReader } from '../../src/adapters/telemetry-feed/mqtt/direct/packet-reader.ts'
import { PubackWriter } from '../../src/adapters/telemetry-feed/mqtt/direct/puback-writer.ts'
import { openClients } from '../../src/adapters/telemetry-feed/mqtt/open-clients.ts'
import { Window } from '../../src/adapters/telemetry-feed/mqtt/window.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { mqttFeedConfig } from '../helpers/mqtt-feed.ts'
import { until } from '../helpers/until.ts'

// What the client of ours may take of memory, and what it says of failures below MQTT.

const MQTT_5 = { protocolVersion: 5 }
const MESSAGE: IPublishPacket = {
  ...{ cmd: 'publish', topic: 'a', payload: 'b', qos: 1, dup: false, retain: false },
}

t.test('a broker that does not read its PUBACKs is left', async (t) => {
  const unread: Buffer[] = []
  const socket = new Writable({
    write(chunk: Buffer) {
      unread.push(chunk)
    },
  })
  const ended = once(socket, 'error')
  const pubacks = new PubackWriter(socket)
  for (let added = 0; added < 500_000 && !socket.destroyed; added += 1) pubacks.add(1)
  t.match(await ended, [{ message: 'the broker does not read its acknowledgements' }])
  t.ok(socket.writableLength < 1_100_000, `${socket.writableLength} bytes wait`)
})

t.test('a PUBACK that waits takes little more than its bytes', async (t) => {
  const memory = new Set<ArrayBufferLike>()
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      memory.add(chunk.buffer)
      done()
    },
  })
  const pubacks = new PubackWriter(socket)
  for (let id = 1; id <= 1000; id += 1) {
    pubacks.add(id)
    pubacks.flush()
  }
  const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)
  t.ok(bytes < 100_000, `1000 of 4 bytes in ${bytes} bytes`)
})

/** A connection with what the client would tell it, and a client that only counts. */
function connectionOf(own: Pick<ConnectionOptions, 'deliver' | 'unacknowledgedMax'>) {
  const heard: { listener?: MqttClientListener; goesOn: number } = { goesOn: 0 }
  const nothing = (): void => undefined
  const connection = new Connection({
    ...{ clientId: 'one', filters: [], holdBudget: { leftBytes: 10_000 }, now: Date.now },
    ...{ onReady: nothing, onFailed: nothing, onReopened: nothing, ...own },
    makeClient: (_clientId, listener) => {
      heard.listener = listener
      const none = async (): Promise<readonly number[]> => []
      return {
        ...{ start: nothing, stop: nothing, close: nothing, acknowledge: nothing },
        ...{ subscribe: none, unsubscribe: none },
        goOn: () => {
          heard.goesOn += 1
        },
      }
    },
  })
  return { connection, heard }
}

t.test('what is held beyond the window holds nothing but itself', async (t) => {
  const out: FeedMessage[] = []
  const deliver = (message: FeedMessage): number => out.push(message)
  const { heard } = connectionOf({ unacknowledgedMax: 1, deliver })
  const chunk = new Uint8Array(20_000)
  for (const ticket of [1, 2]) {
    heard.listener?.onMessage('a', chunk.subarray(ticket, ticket + 1), ticket)
  }
  out[0]?.acknowledge()
  t.equal(out.length, 2)
  t.equal(out[1]?.payload.buffer.byteLength, 1)
})

t.test('a full window asks for no more, and says when there is room', async (t) => {
  const out: FeedMessage[] = []
  const deliver = (message: FeedMessage): number => out.push(message)
  const { connection, heard } = connectionOf({ unacknowledgedMax: 2, deliver })
  const payload = new Uint8Array(1)
  t.equal(heard.listener?.mayTake(), true)
  for (const ticket of [1, 2]) heard.listener?.onMessage('a', payload, ticket)
  t.equal(heard.listener?.mayTake(), false)
  out[0]?.acknowledge()
  t.equal(heard.goesOn, 1)
  t.equal(heard.listener?.mayTake(), true)
  heard.listener?.onMessage('a', payload, 3)
  await connection.close({ isHasty: true })
  t.equal(heard.listener?.mayTake(), true, 'what is unread stands before the broker’s answers')
  heard.listener?.onMessage('a', payload, 4)
  t.equal(out.length, 3, 'but nobody gets it')
})

t.test('a broker that floods is left waiting, and nothing of it is lost', async (t) => {
  const connack = generate({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, MQTT_5)
  const payload = Buffer.alloc(8000)
  const flood = Array.from({ length: 5000 }, (_, place) =>
    generate({ ...MESSAGE, messageId: place + 1, payload }, MQTT_5),
  )
  let broker: Socket | undefined
  const server = createServer((socket) => {
    broker = socket
    socket.once('data', () => socket.write(Buffer.concat([connack, ...flood])))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const out: FeedMessage[] = []
  let seen = 0
  let isWorking = false
  const connection = new Connection({
    makeClient: await openClients(mqttFeedConfig(`mqtt://127.0.0.1:${port}`)),
    ...{ clientId: 'one', filters: [], unacknowledgedMax: 10, holdBudget: { leftBytes: 0 } },
    ...{ onReady: () => undefined, onFailed: () => undefined, onReopened: () => undefined },
    now: Date.now,
    deliver: (message) => {
      seen += 1
      if (isWorking) setImmediate(() => message.acknowledge())
      else out.push(message)
    },
  })
  t.after(async () => {
    broker?.destroy()
    server.close()
    await connection.close({ isHasty: true })
  })
  connection.open()
  await until(() => out.length === 10)
  // What the kernel takes on both sides is a few megabytes of these 40.
  t.ok((broker?.writableLength ?? 0) > 0, 'it waits')
  isWorking = true
  for (const message of out) message.acknowledge()
  await until(() => seen === 5000)
  t.equal(broker?.writableLength, 0)
})

t.test('long topics are in the budget, too', async (t) => {
  const budget = { leftBytes: 100_000 }
  const out: string[] = []
  const window = new Window(1, budget, ({ topic }) => out.push(topic))
  const nothing = (): void => undefined
  const rest = { receivedAt: 0, acknowledge: nothing, refuse: nothing }
  for (let number = 0; number < 5; number += 1) {
    window.take({ topic: 'x'.repeat(60_000), payload: new Uint8Array(1), ...rest })
  }
  for (let settled = 0; settled < 2; settled += 1) window.settle()
  t.equal(out.length, 2, 'one was out, one was held')
  t.equal(budget.leftBytes, 100_000)
})

t.test('a large message in tiny pieces costs no more than its bytes', async (t) => {
  // With time that grows with the square of the pieces this would take minutes.
  const bytes = generate({ ...MESSAGE, messageId: 1, payload: Buffer.alloc(300_000) }, MQTT_5)
  const sizes: number[] = []
  const reader = new PacketReader(
    {
      onPublish: (_topic, payload) => sizes.push(payload.length),
      onPacket: () => undefined,
      mayTake: () => true,
    },
    1_000_000,
  )
  for (let at = 0; at < bytes.length; at += 1) reader.read(bytes.subarray(at, at + 1))
  t.strictSame(sizes, [300_000])
})

t.test('failures below MQTT, in words', async (t) => {
  const textOf = (error: NodeJS.ErrnoException): string => describeLinkFailure({ error }).text
  const ofAll = Object.assign(new AggregateError([]), { code: 'EADDRNOTAVAIL' })
  t.equal(textOf(ofAll), 'the connection failed: EADDRNOTAVAIL')
  const notTls = Object.assign(new Error('wrong'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' })
  t.match(textOf(notTls), /check that the port of MQTT_URL is the one with TLS/)
})

t.test('a subscription without acknowledgements is none', async (t) => {
  t.equal(describeRefusedFilters(['a'], [1]), undefined)
  t.match(
    describeRefusedFilters(['a', 'b'], [1, 0]),
    /subscription to b \(granted with QoS 0 only\)/,
  )
  const reason = { reasonCode: 158 }
  t.match(describeLinkEnding({ reason }), { text: /MQTT_SUBSCRIPTION=plain/, isFinal: true })
})
