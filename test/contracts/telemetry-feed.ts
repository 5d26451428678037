import type { Test } from 'tap'
import type { FeedMessage, TelemetryFeed } from '../../src/ports/telemetry-feed.ts'
import { until } from '../helpers/until.ts'

export interface FeedUnderTest {
  /**
   * A feed on this test's source, not started. Called again after the first one has been closed:
   * then it is the next instance of the same process, on the same source.
   */
  open(): TelemetryFeed
  /**
   * Hands a message to the source and resolves when that has it, or will have it: the harness
   * repeats until it does. It must not wait for the feed's acknowledgement.
   */
  publish(topic: string, payload: Uint8Array): Promise<void>
  /** Messages that the feed may have out without an acknowledgement; undefined: it has no limit. */
  readonly inFlightMax?: number
}

/** Makes one for each test, with a source of its own that is empty; closes and removes it after. */
export type MakeFeed = (t: Test) => Promise<FeedUnderTest>

const TOPIC = 'dt/cvra/ECU-1/cardata'

interface Running {
  readonly feed: TelemetryFeed
  /** Every delivery, also of a message that comes again. */
  readonly delivered: FeedMessage[]
  texts(): string[]
  /** The first delivery of this text that came at or after the given place. */
  find(text: string, from?: number): Promise<FeedMessage>
}

/** What every feed must do, through the port only. */
export function telemetryFeedContract(t: Test, make: MakeFeed): void {
  t.test('topic and payload arrive byte by byte', async (t) => {
    const source = await make(t)
    const { delivered } = await start(t, source)
    for (const [topic, payload] of MESSAGES) await source.publish(topic, payload)
    await until(() => distinct(delivered) >= MESSAGES.length, { what: 'all kinds of messages' })
    for (const [topic, payload] of MESSAGES) {
      const message = delivered.find((one) => one.topic === topic)
      t.ok(message, topic)
      t.ok(Buffer.from(payload).equals(Buffer.from(message?.payload ?? [])), `bytes of ${topic}`)
      t.ok(Number.isFinite(message?.receivedAt), 'has a receive time')
      message?.acknowledge()
    }
  })

  t.test('a payload that no parser survives is a message like any other', async (t) => {
    const source = await make(t)
    const { delivered, find } = await start(t, source)
    for (const payload of BOMBS) await source.publish(TOPIC, payload)
    await source.publish(TOPIC, bytes('after'))
    ;(await find('after')).acknowledge()
    await until(
      () => {
        for (const message of delivered) message.acknowledge()
        return BOMBS.every((bomb) => delivered.some(({ payload }) => bomb.equals(payload)))
      },
      { what: 'each payload, byte by byte' },
    )
    t.pass('the feed goes on')
  })

  t.test('what is acknowledged is gone', async (t) => {
    const source = await make(t)
    const first = await start(t, source)
    await source.publish(TOPIC, bytes('done'))
    ;(await first.find('done')).acknowledge()
    await first.feed.stopIntake()
    await first.feed.close()
    const second = await start(t, source)
    await source.publish(TOPIC, bytes('marker'))
    ;(await second.find('marker')).acknowledge()
    t.notOk(second.texts().includes('done'))
  })

  t.test('what is neither acknowledged nor refused comes again to the next instance', async (t) => {
    const source = await make(t)
    const first = await start(t, source)
    await source.publish(TOPIC, bytes('lost'))
    await first.find('lost')
    await first.feed.close()
    const second = await start(t, source)
    const again = await second.find('lost')
    t.equal(again.topic, TOPIC)
    again.acknowledge()
  })

  t.test('what is refused comes again, and others are not held up by it', async (t) => {
    const source = await make(t)
    const { delivered, find } = await start(t, source)
    await source.publish(TOPIC, bytes('not now'))
    const refused = await find('not now')
    const from = delivered.length
    refused.refuse('the disk is full')
    await source.publish(TOPIC, bytes('another'))
    ;(await find('another', from)).acknowledge()
    ;(await find('not now', from)).acknowledge()
    t.pass('came again')
  })

  t.test(
    'after stopIntake nothing more comes, and what is out is still acknowledged',
    async (t) => {
      const source = await make(t)
      const first = await start(t, source)
      await source.publish(TOPIC, bytes('in time'))
      const message = await first.find('in time')
      await first.feed.stopIntake()
      await source.publish(TOPIC, bytes('too late'))
      message.acknowledge()
      await first.feed.close()
      t.strictSame(new Set(first.texts()), new Set(['in time']))
      const second = await start(t, source)
      ;(await second.find('too late')).acknowledge()
      t.notOk(second.texts().includes('in time'), 'acknowledged while stopping')
    },
  )

  t.test('answers that come late, twice or after the end do no harm', async (t) => {
    const source = await make(t)
    const { feed, find } = await start(t, source)
    await source.publish(TOPIC, bytes('one'))
    await source.publish(TOPIC, bytes('two'))
    const one = await find('one')
    const two = await find('two')
    one.acknowledge()
    one.acknowledge()
    one.refuse('too late')
    await feed.stopIntake()
    await feed.close()
    two.acknowledge()
    two.refuse('too late')
    await feed.stopIntake()
    await feed.close()
    t.pass('nothing was thrown')
  })

  t.test('many messages, acknowledged in another order: each arrives', async (t) => {
    const source = await make(t)
    const { delivered, texts } = await start(t, source)
    const held: FeedMessage[] = []
    let seen = 0
    const answer = (): void => {
      // Some wait while others come, but not for others that come only after them.
      const keep = delivered.length > seen ? 3 : 0
      held.push(...delivered.slice(seen))
      seen = delivered.length
      while (held.length > keep) held.splice((seen * 7) % held.length, 1)[0]?.acknowledge()
    }
    const expected = Array.from({ length: 300 }, (_, number) => `message ${number}`)
    await Promise.all(expected.map((text) => source.publish(TOPIC, bytes(text))))
    await until(
      () => {
        answer()
        return new Set(texts()).size === expected.length
      },
      { what: 'every message' },
    )
    t.strictSame([...new Set(texts())].sort(), expected.sort())
  })

  t.test('no more are out than the limit, and acknowledging lets the rest come', async (t) => {
    const source = await make(t)
    const max = source.inFlightMax
    if (max === undefined) {
      t.pass('this feed leaves the limit to whoever takes its messages')
      return
    }
    const { delivered, texts } = await start(t, source)
    const expected = Array.from({ length: max * 3 }, (_, number) => `message ${number}`)
    await Promise.all(expected.map((text) => source.publish(TOPIC, bytes(text))))
    let acknowledged = 0
    let mostOut = 0
    while (new Set(texts()).size < expected.length) {
      const before = acknowledged
      await until(() => delivered.length > before, { what: 'more messages' })
      mostOut = Math.max(mostOut, delivered.length - acknowledged)
      delivered[acknowledged]?.acknowledge()
      acknowledged += 1
    }
    for (const message of delivered.slice(acknowledged)) message.acknowledge()
    t.ok(mostOut <= max, `at most ${max} were out: ${mostOut}`)
  })
}

/** Each kind on a topic of its own, so that it can be told from the others. */
const MESSAGES: readonly (readonly [topic: string, payload: Uint8Array])[] = [
  ['dt/cvra/ECU-1/cardata', bytes('{"VIN":"5AZYB53IXEE10036","Fuel":1.50}')],
  ['dt/cvra/ECU-1/trip', bytes('{ "spaces" : [ 1 , 2.0 ] }\n')],
  ['dt/cvra/ECU-1/dtc', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ['dt/cvra/ECU-1/event', new Uint8Array(0)],
  ['dt/cvra/Überholung 1/event', bytes('üß€😀')],
  ['cdf/assetlibrary/events/devices/ecu-1/modify', Buffer.alloc(100_000, 'x')],
  ['cdf/assetlibrary/events/groups/%2Fauto%2Fvehicles%2F5azy/create', bytes('[]')],
]

const DEPTH = 50_000

/** What breaks whoever reads or writes it carelessly: a feed doesn't look into payloads. */
const BOMBS: readonly Buffer[] = [
  Buffer.from('['.repeat(DEPTH) + ']'.repeat(DEPTH)),
  Buffer.from('{"a":'.repeat(DEPTH / 5)),
  Buffer.from('{"__proto__":{"topic":1},"payload":"="}'),
  Buffer.from([0xed, 0xa0, 0x80, 0x22, 0x00, 0xff]),
]

async function start(t: Test, source: FeedUnderTest): Promise<Running> {
  const delivered: FeedMessage[] = []
  const texts = (): string[] =>
    delivered.map(({ payload }) => Buffer.from(payload).toString('utf8'))
  const feed = source.open()
  t.teardown(() => feed.close())
  await feed.start((message) => delivered.push(message))
  return {
    feed,
    delivered,
    texts,
    find: (text, from = 0) =>
      until(() => delivered.slice(from)[texts().slice(from).indexOf(text)], {
        what: `the message "${text}"`,
      }),
  }
}

function distinct(messages: readonly FeedMessage[]): number {
  return new Set(messages.map(({ topic }) => topic)).size
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text)
}
