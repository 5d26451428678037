import t from 'tap'
import type { StreamRecord } from '../../src/ports/event-stream.ts'
import { WavePublisher } from '../../src/submissions/wave-publisher.ts'
import type { EventMessage } from '../../src/telemetry/messages.ts'
import type { Outcome } from '../../src/telemetry/outcome.ts'
import { VehicleEvents } from '../../src/telemetry/vehicle-events.ts'
import { createRandom } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'
import { createFakeStream, FAULTS, type FakeStream, type Fate } from '../submissions/fake-stream.ts'

const STORED: Outcome = { kind: 'stored' }
const DEADLINE_MS = 30_000

function setUp(stream: FakeStream, { queueMax = 10_000 } = {}) {
  const clock = { now: 0 }
  const ended: string[] = []
  let size = 0
  const publisher = new WavePublisher({ stream, callsMax: 4, onEvent: () => undefined })
  const events = new VehicleEvents({
    ...{ publisher, queueMax, deadlineMs: DEADLINE_MS, now: () => clock.now },
    onEnd: (outcome) => ended.push(outcome),
    onSize: (count) => {
      size = count
    },
  })
  const answers = new Map<string, Outcome>()
  /** A message on its way through the index; returns what tells how that ended. */
  const expect = (vin: string, n: number) => {
    const place = events.expect(messageOf(vin, n), {
      ...{ topic: 'dt/cvra/x/event', receivedAt: 0 },
      payload: Buffer.from(JSON.stringify({ n })),
    })
    return (outcome = STORED) =>
      events.end(place, outcome, (told) => answers.set(`${vin}/${n}`, told))
  }
  return { events, expect, answers, ended, clock, size: () => size }
}

function messageOf(vin: string, n: number): EventMessage {
  const id = String(n)
  const stamp = { at: 0, id }
  return { kind: 'event', vin, sentAt: 0, id, stamp, document: {}, repairs: 0 }
}

const nameOf = ({ key, data }: StreamRecord) =>
  `${key}/${JSON.parse(Buffer.from(data).toString()).message.n}`

t.test('whatever fails: first occurrences of a vehicle are in the order of arrival', async (t) => {
  for (const [name, faultOf] of Object.entries(FAULTS)) {
    const random = createRandom(7)
    const stream = createFakeStream(faultOf(random))
    const { events, expect, answers, size } = setUp(stream)
    const coming: ReturnType<typeof expect>[] = []
    const end = () => {
      // The index stores them in any order, as where several writes are out at once; some it can't.
      const [one] = coming.splice(Math.floor(random() * coming.length), 1)
      one?.(random() < 0.1 ? { kind: 'unusable', reason: 'no good' } : STORED)
    }
    for (let n = 0; n < 3000; n += 1) {
      coming.push(expect(`v${n % 200}`, n))
      if (coming.length > 300) end()
      if (n % 100 === 0) await new Promise(setImmediate)
    }
    while (coming.length > 0) end()
    await events.drain()
    t.equal(answers.size, 3000, name)
    const stored = [...answers].filter(([, { kind }]) => kind === 'stored')
    const first = [...new Set(stream.stored.map(nameOf))]
    t.same(new Set(first), new Set(stored.map(([text]) => text)), `${name}: those that are stored`)
    t.ok(stored.length > 2500 && stored.length < 3000)
    for (const own of Map.groupBy(first, (text) => text.split('/')[0]).values()) {
      const numbers = own.map((text) => Number(text.split('/')[1]))
      t.strictSame(
        numbers,
        numbers.toSorted((a, b) => a - b),
        name,
      )
    }
    for (const call of stream.calls) t.equal(new Set(call.map(({ key }) => key)).size, call.length)
    t.equal(size(), 0)
  }
})

t.test('what is not stored is not published, and nobody waits for it', async (t) => {
  const stream = createFakeStream()
  const { events, expect, answers, ended, size } = setUp(stream)
  const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => expect('a', n))
  fourth?.({ kind: 'duplicate' })
  third?.()
  await new Promise(setImmediate)
  t.equal(stream.calls.length, 0, 'those before it may still be stored')
  t.equal(size(), 2)
  second?.({ kind: 'unusable', reason: 'no good' })
  t.match(answers.get('a/2'), { kind: 'unusable' }, 'told at once')
  first?.({ kind: 'refused', reason: 'index away' })
  await events.drain()
  t.strictSame(stream.stored.map(nameOf), ['a/3', 'a/4'])
  t.strictSame(answers.get('a/4'), { kind: 'duplicate' }, 'told as the index did')
  t.strictSame(ended, ['published', 'published'])
})

t.test('what the stream never takes is unusable, and the next one goes on', async (t) => {
  const stream = createFakeStream((records) =>
    records.map((record): Fate => (nameOf(record) === 'a/2' ? 'rejected' : 'stored')),
  )
  const { events, expect, answers, ended } = setUp(stream)
  for (const n of [1, 2, 3]) expect('a', n)()
  await events.drain()
  t.strictSame(answers.get('a/2'), {
    kind: 'unusable',
    reason: "it is stored, but can't be published: poison",
  })
  t.strictSame(stream.stored.map(nameOf), ['a/1', 'a/3'])
  t.strictSame(ended, ['published', 'rejected', 'published'])
})

t.test('bounded: while the stream is away a few wait, more are refused', async (t) => {
  let isAway = true
  const stream = createFakeStream((records) => (isAway ? 'fails' : records.map(() => 'stored')))
  const { events, expect, answers } = setUp(stream, { queueMax: 10 })
  for (let n = 0; n < 15; n += 1) expect(`v${n % 3}`, n)()
  t.equal(answers.size, 5)
  t.match(answers.get('v2/14'), {
    kind: 'refused',
    reason: 'more than 10 messages wait for the event stream',
  })
  isAway = false
  await events.drain()
  t.equal(stream.stored.length, 10)
  expect('v0', 99)()
  await events.drain()
  t.strictSame(answers.get('v0/99'), STORED, 'there is room again')
})

t.test('past the deadline it is refused; what is out may still be published, first', async (t) => {
  let isAway = true
  const stream = createFakeStream((records) => (isAway ? 'fails' : records.map(() => 'stored')))
  const { events, expect, answers, clock, size } = setUp(stream)
  for (const n of [1, 2]) expect('a', n)()
  await until(() => stream.calls.length > 0)
  clock.now = DEADLINE_MS
  const late = expect('a', 3)
  await until(() => answers.size === 2)
  t.strictSame(answers.get('a/1'), {
    kind: 'refused',
    reason: 'not in the event stream within 30000 ms',
  })
  t.equal(size(), 1, 'the one that is out')
  await events.drain()
  late()
  isAway = false
  await events.drain()
  t.strictSame(stream.stored.map(nameOf), ['a/1', 'a/3'], '2 comes again, and 1')
  t.equal(answers.size, 3, 'each is told once')
})

t.test('given up, all that is left is refused at once', async (t) => {
  const stream = createFakeStream(() => 'fails')
  const { events, expect, answers, size } = setUp(stream)
  for (let n = 0; n < 20; n += 1) expect(`v${n % 4}`, n)()
  const later = expect('v0', 20)
  const drained = events.drain()
  events.abort('stopping')
  t.equal(answers.size, 20)
  await drained
  later()
  await events.drain()
  t.strictSame(answers.get('v0/20'), { kind: 'refused', reason: 'stopping' })
  t.equal(size(), 0)
})
