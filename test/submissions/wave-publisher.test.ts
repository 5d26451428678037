import t from 'tap'
import type { StreamRecord } from '../../src/ports/event-stream.ts'
import {
  type Published,
  type PublisherEvent,
  WavePublisher,
} from '../../src/submissions/wave-publisher.ts'
import { createRandom } from '../helpers/random.ts'
import { createFakeStream, FAULTS, type FakeStream, type Fate } from './fake-stream.ts'

function setUp(stream: FakeStream, callsMax = 4) {
  const events: PublisherEvent[] = []
  const publisher = new WavePublisher({
    ...{ stream, callsMax },
    onEvent: (event) => events.push(event),
  })
  return { publisher, events }
}

function* recordsOf(submission: string, count: number): Generator<StreamRecord> {
  for (let seq = 0; seq < count; seq += 1) {
    yield { key: submission, data: Buffer.from(`${submission}/${seq}`) }
  }
}

const textOf = ({ data }: StreamRecord) => Buffer.from(data).toString()

/** Of each submission the numbers of its records, in the order in which they were first stored. */
function firstOccurrences(stored: readonly StreamRecord[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  for (const record of new Set(stored.map(textOf))) {
    const [submission = '', seq] = record.split('/')
    const own = numbers.get(submission) ?? []
    numbers.set(submission, own)
    own.push(Number(seq))
  }
  return numbers
}

t.test('nothing to publish is published at once', async (t) => {
  const stream = createFakeStream()
  const { publisher } = setUp(stream)
  t.strictSame(await publisher.publish([]), { kind: 'published', count: 0, rejected: [] })
  t.equal(stream.calls.length, 0)
})

t.test('a record that no call can hold is rejected, and holds up nobody', async (t) => {
  const limits = { bytesMax: 100, recordBytesMax: 1000 }
  const stream = createFakeStream(undefined, { limits, partitions: 1 })
  const { publisher } = setUp(stream)
  const large = { key: 'a', data: Buffer.alloc(200) }
  const [first, second] = await Promise.all([
    publisher.publish([large]),
    publisher.publish(recordsOf('a', 2)),
  ])
  t.match(first, { count: 0, rejected: [{ position: 0, reason: /^larger than 100 bytes/ }] })
  t.match(second, { count: 2, rejected: [] })
})

t.test('one submission: one record a call, in order', async (t) => {
  const stream = createFakeStream()
  const { publisher } = setUp(stream)
  t.match(await publisher.publish(recordsOf('a', 5)), { kind: 'published', count: 5 })
  t.same(stream.stored.map(textOf), ['a/0', 'a/1', 'a/2', 'a/3', 'a/4'])
  t.ok(stream.calls.every((call) => call.length === 1))
  t.equal(publisher.size, 0)
})

t.test('many submissions share calls, which are full under load', async (t) => {
  const stream = createFakeStream()
  const { publisher } = setUp(stream)
  const all = Array.from({ length: 2000 }, (_, n) => publisher.publish(recordsOf(`s${n}`, 3)))
  await Promise.all(all)
  t.equal(stream.stored.length, 6000)
  t.equal(stream.calls.length, 12)
  for (const call of stream.calls) t.equal(new Set(call.map(({ key }) => key)).size, call.length)
})

t.test('whatever fails: nothing is lost, and first occurrences are in order', async (t) => {
  for (const [name, faultOf] of Object.entries(FAULTS)) {
    const random = createRandom(7)
    const stream = createFakeStream(faultOf(random))
    const { publisher } = setUp(stream)
    const counts = Array.from({ length: 300 }, () => Math.floor(random() * 12))
    const reports = await Promise.all(
      counts.map((count, n) => publisher.publish(recordsOf(`s${n}`, count))),
    )
    for (const [n, count] of counts.entries()) {
      t.match(reports[n], { kind: 'published', count }, name)
      const numbers = firstOccurrences(stream.stored).get(`s${n}`) ?? []
      t.strictSame(numbers, [...Array(count).keys()], name)
    }
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (name !== 'answers lost') t.equal(stream.stored.length, total, `${name}: none twice`)
  }
})

t.test('a record that can never be stored holds up nobody, and is named', async (t) => {
  const stream = createFakeStream((records) =>
    records.map((record): Fate => (textOf(record) === 'a/1' ? 'rejected' : 'stored')),
  )
  const { publisher } = setUp(stream)
  const [a, b] = await Promise.all([
    publisher.publish(recordsOf('a', 3)),
    publisher.publish(recordsOf('b', 3)),
  ])
  t.strictSame(a, { kind: 'published', count: 2, rejected: [{ position: 1, reason: 'poison' }] })
  t.strictSame(b, { kind: 'published', count: 3, rejected: [] })
})

t.test('records that can’t be made cost themselves, and are told of', async (t) => {
  const stream = createFakeStream()
  const { publisher, events } = setUp(stream)
  const error = new RangeError('Invalid time value')
  function* broken(key: string, count: number): Generator<StreamRecord> {
    yield* recordsOf(key, count)
    throw error
  }
  const [first, later, well] = await Promise.all([
    publisher.publish(broken('a', 0)),
    publisher.publish(broken('b', 2)),
    publisher.publish(recordsOf('c', 5)),
  ])
  for (const published of [first, later]) {
    t.strictSame(published, { kind: 'refused', reason: 'Invalid time value', isBug: true })
  }
  t.match(well, { kind: 'published', count: 5 })
  t.equal(publisher.size, 0)
  t.strictSame(
    events.filter(({ kind }) => kind === 'bug'),
    Array(2).fill({ kind: 'bug', error }),
  )
})

t.test('an observer that throws stops nothing, and is told of it', async (t) => {
  let call = 0
  const stream = createFakeStream((records) => {
    call += 1
    return call === 2 ? 'fails' : records.map(() => 'stored')
  })
  const bugs: PublisherEvent[] = []
  const publisher = new WavePublisher({
    ...{ stream, callsMax: 4 },
    onEvent(event) {
      if (event.kind !== 'bug') throw new Error('no such metric')
      bugs.push(event)
      throw new Error('no log either')
    },
  })
  const all = Array.from({ length: 20 }, (_, n) => publisher.publish(recordsOf(`s${n}`, 3)))
  t.ok((await Promise.all(all)).every(({ kind }) => kind === 'published'))
  t.equal(stream.stored.length, 60)
  t.match(bugs[0], { error: { message: 'no such metric' } })
})

t.test('a record that is too large is never sent', async (t) => {
  const stream = createFakeStream(undefined, { limits: { recordBytesMax: 10 } })
  const { publisher } = setUp(stream)
  const large = { key: 'a', data: Buffer.alloc(10) }
  const records = [large, ...recordsOf('a', 1), large]
  const report = (await publisher.publish(records)) as Extract<Published, { kind: 'published' }>
  t.equal(report.count, 1)
  t.same(
    report.rejected.map(({ position }) => position),
    [0, 2],
  )
  t.match(await publisher.publish([large]), { count: 0, rejected: [{ position: 0 }] })
  t.equal(stream.calls.length, 1)
})

t.test('calls keep to the bytes that one may hold', async (t) => {
  const stream = createFakeStream(undefined, { limits: { bytesMax: 1000, recordBytesMax: 1000 } })
  const { publisher } = setUp(stream)
  const data = Buffer.alloc(299)
  const all = Array.from({ length: 50 }, (_, n) =>
    publisher.publish([{ key: String.fromCharCode(n + 33), data }]),
  )
  await Promise.all(all)
  t.equal(stream.stored.length, 50)
  t.ok(stream.calls.every((call) => call.length <= 3))
})

t.test('while the stream is away, it is asked seldom, and told of once a round', async (t) => {
  let isAway = true
  const stream = createFakeStream((records) => (isAway ? 'fails' : records.map(() => 'stored')))
  const { publisher, events } = setUp(stream)
  const all = Array.from({ length: 3000 }, (_, n) => publisher.publish(recordsOf(`s${n}`, 2)))
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (events.filter(({ kind }) => kind === 'failed').length < 3) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  t.ok(stream.calls.length <= 3 * 4, 'no more calls than rounds have')
  isAway = false
  t.ok((await Promise.all(all)).every(({ kind }) => kind === 'published'))
  t.equal(events.filter(({ kind }) => kind === 'recovered').length, 1)
})

t.test('given up, all that is left is refused, and nothing goes out any more', async (t) => {
  const stream = createFakeStream()
  const { publisher } = setUp(stream)
  const all = Array.from({ length: 10 }, (_, n) => publisher.publish(recordsOf(`s${n}`, 1000)))
  await new Promise(setImmediate)
  publisher.abort('stopping')
  t.same(new Set((await Promise.all(all)).map(({ kind }) => kind)), new Set(['refused']))
  const calls = stream.calls.length
  t.match(await publisher.publish(recordsOf('x', 1)), { kind: 'refused', reason: 'stopping' })
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  t.equal(stream.calls.length, calls)
})
