import fc from 'fast-check'
import { generate, type Packet, parser } from 'mqtt-packet'
import t from 'tap'
import {
  PacketReader,
  ProtocolError,
} from '../../src/adapters/telemetry-feed/mqtt/direct/packet-reader.ts'

// What is read in place is what mqtt-packet reads, however the bytes are cut.

const MQTT_5 = { protocolVersion: 5 }
const SIZE_MAX_BYTES = 300_000

interface Seen {
  readonly topic?: string
  readonly payload?: string
  readonly id?: number
  readonly cmd?: string
}

/** `mayTake` is asked before each message: where it says no, what is read goes on after the chunk. */
function read(chunks: readonly Buffer[], mayTake = (): boolean => true): Seen[] {
  const seen: Seen[] = []
  const handler = {
    onPublish: (topic: string, payload: Uint8Array, id: number) => {
      seen.push({ topic, payload: Buffer.from(payload).toString('hex'), id })
    },
    onPacket: ({ cmd }: Packet) => {
      seen.push({ cmd })
    },
    mayTake,
  }
  const reader = new PacketReader(handler, SIZE_MAX_BYTES)
  for (const chunk of chunks) {
    reader.read(chunk)
    if (reader.isHeld) reader.goOn()
  }
  while (reader.isHeld) reader.goOn()
  return seen
}

function readByLibrary(bytes: Buffer): Seen[] {
  const seen: Seen[] = []
  const packets = parser(MQTT_5)
  packets.on('packet', (packet) => {
    if (packet.cmd !== 'publish') seen.push({ cmd: packet.cmd })
    else {
      const payload = Buffer.from(packet.payload as Buffer).toString('hex')
      seen.push({ topic: packet.topic, payload, id: packet.messageId ?? 0 })
    }
  })
  packets.parse(bytes)
  return seen
}

const userProperties = fc.dictionary(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  { maxKeys: 4, noNullPrototype: true },
)
const publish = fc
  .record({
    topic: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
    payload: fc.uint8Array({ maxLength: 400 }),
    qos: fc.constantFrom(0 as const, 1 as const),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    dup: fc.boolean(),
    properties: fc.option(fc.record({ userProperties }), { nil: undefined }),
  })
  .filter(({ topic }) => !/[+#\0]/.test(topic))
  .map(({ payload, properties, dup, ...rest }): Packet => {
    const known = { cmd: 'publish', retain: false, dup: rest.qos === 1 && dup } as const
    const own = { ...known, ...rest, payload: Buffer.from(payload) }
    return properties === undefined ? own : { ...own, properties }
  })
const other = fc.constantFrom<Packet>(
  { cmd: 'pingresp' },
  { cmd: 'connack', reasonCode: 0, sessionPresent: true },
  { cmd: 'suback', messageId: 7, granted: [1, 135] },
  { cmd: 'unsuback', messageId: 8, granted: [17] },
  { cmd: 'disconnect', reasonCode: 142, properties: { reasonString: 'taken over' } },
)
const packets = fc.array(fc.oneof({ weight: 4, arbitrary: publish }, other), { maxLength: 12 })

t.test('the same packets as mqtt-packet, wherever the bytes are cut', async (t) => {
  fc.assert(
    fc.property(packets, fc.array(fc.nat(4000), { maxLength: 12 }), (packets, cuts) => {
      const bytes = Buffer.concat(packets.map((packet) => generate(packet, MQTT_5)))
      const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
      const chunks = [0, ...ends].map((from, place) => bytes.subarray(from, ends[place]))
      t.strictSame(read(chunks), readByLibrary(bytes))
    }),
    { numRuns: 500 },
  )
})

t.test('the same when it is held at some of them', async (t) => {
  const refusals = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(packets, fc.nat(4000), refusals, (packets, cut, refusals) => {
      const bytes = Buffer.concat(packets.map((packet) => generate(packet, MQTT_5)))
      const end = cut % (bytes.length + 1)
      const answers = [...refusals]
      const chunks = [bytes.subarray(0, end), bytes.subarray(end)]
      const seen = read(chunks, () => answers.pop() ?? true)
      t.strictSame(seen, readByLibrary(bytes))
    }),
    { numRuns: 300 },
  )
})

t.test('held, it hands over nothing, neither of what it has nor of what comes', async (t) => {
  const seen: string[] = []
  let room = 1
  const reader = new PacketReader(
    {
      onPublish: (_topic, _payload, id) => {
        seen.push(String(id))
        room -= 1
      },
      onPacket: ({ cmd }) => seen.push(cmd),
      mayTake: () => room > 0,
    },
    SIZE_MAX_BYTES,
  )
  const message = (messageId: number): Buffer =>
    generate(
      {
        ...{ cmd: 'publish', topic: 'a', payload: 'b', qos: 1, messageId },
        dup: false,
        retain: false,
      },
      MQTT_5,
    )
  const pong = generate({ cmd: 'pingresp' }, MQTT_5)
  reader.read(Buffer.concat([message(1), pong, message(2), pong]))
  t.strictSame(seen, ['1', 'pingresp'], 'another packet needs no room')
  t.ok(reader.isHeld)
  reader.read(message(3))
  reader.goOn()
  t.strictSame(seen, ['1', 'pingresp'])
  room = 2
  reader.goOn()
  t.strictSame(seen, ['1', 'pingresp', '2', 'pingresp', '3'])
  t.notOk(reader.isHeld)
})

t.test('byte by byte, and one of 200 kB', async (t) => {
  const payload = Buffer.alloc(200_000, 'x')
  const long: Packet = {
    cmd: 'publish',
    topic: 'a',
    payload,
    qos: 1,
    messageId: 9,
    dup: false,
    retain: false,
  }
  const bytes = Buffer.concat([generate(long, MQTT_5), generate({ cmd: 'pingresp' }, MQTT_5)])
  const chunks = Array.from(bytes.subarray(0, 100), (byte) => Buffer.of(byte))
  const seen = read([...chunks, bytes.subarray(100, 70_000), bytes.subarray(70_000)])
  t.equal(seen[0]?.payload?.length, 400_000)
  t.strictSame(seen[1], { cmd: 'pingresp' })
})

t.test('what is not MQTT 5 ends the connection', async (t) => {
  const cases: Record<string, readonly number[]> = {
    'a length of five bytes': [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
    'longer than is taken': [0x30, 0xff, 0xff, 0xff, 0x7f],
    'QoS 2': [0x34, 6, 0, 1, 0x61, 0, 1, 0],
    'QoS 3': [0x36, 6, 0, 1, 0x61, 0, 1, 0],
    'a topic beyond the end': [0x32, 6, 0, 9, 0x61, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    'properties beyond the end': [0x32, 6, 0, 1, 0x61, 0, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    'no properties': [0x32, 5, 0, 1, 0x61, 0, 1],
    'packet id 0': [0x32, 6, 0, 1, 0x61, 0, 0, 0],
    'packet type 0': [0x00, 0x00],
    'flags of a SUBACK': [0x91, 0x00],
    'an empty PUBLISH': [0x30, 0x00, 0x00],
  }
  for (const [name, bytes] of Object.entries(cases)) {
    t.throws(() => read([Buffer.from(bytes)]), ProtocolError, name)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      try {
        read([Buffer.from(noise)])
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
      }
    }),
    { numRuns: 3000 },
  )
})
