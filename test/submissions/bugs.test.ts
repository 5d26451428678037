import t from 'tap'
import type { DeadLetter } from '../../src/ports/dead-letters.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'
import { BugCounts } from '../../src/submissions/bug-counts.ts'
import {
  type SubmissionEvent,
  type SubmissionOutcome,
  Submissions,
  type SubmissionsOptions,
} from '../../src/submissions/submissions.ts'
import { createFakeStream } from './fake-stream.ts'
import { encode, SAMPLE } from './submissions.ts'

// What nobody expects: an exception that has nothing to do with what is in the submission.

type Answer = SubmissionOutcome | { readonly kind: 'again'; readonly reason: string }

const REASON = 'internal error: Invalid time value'
const BODY = encode(SAMPLE)

function setUp(changes: Partial<SubmissionsOptions> = {}) {
  const stream = createFakeStream()
  const letters: DeadLetter[] = []
  const events: SubmissionEvent[] = []
  const clock = { asked: 0, breaksAt: 0 }
  const submissions = new Submissions({
    ...{ stream, badEvents: 'drop-submission', callsMax: 4, keepQueueMax: 100 },
    ...{ devicesMax: 10, recentMax: 10 },
    // A time that can't be written: the record that needs it can't be made.
    now() {
      clock.asked += 1
      return clock.asked > clock.breaksAt ? Number.NaN : 2000
    },
    async keep(given): Promise<WriteReport> {
      letters.push(...given)
      return { accepted: given.length, duplicates: [], rejected: [], retry: [] }
    },
    onEvent: (event) => events.push(event),
    ...changes,
  })
  const send = (receiveCount?: number, body = BODY) =>
    new Promise<Answer>((resolve) => {
      submissions.handle({
        ...{ body, sentAt: 1000, done: resolve },
        ...(receiveCount === undefined ? {} : { receiveCount }),
        again: (reason) => resolve({ kind: 'again', reason }),
      })
    })
  const kinds = (kind: SubmissionEvent['kind']) => events.filter((event) => event.kind === kind)
  return { stream, letters, submissions, clock, send, kinds }
}

for (const [name, breaksAt] of [
  ['its first event', 0],
  ['a later one', 3],
] as const) {
  t.test(`a bug with ${name}: it comes again, and is kept the fifth time`, async (t) => {
    const { letters, clock, send, kinds, submissions } = setUp()
    for (let delivery = 1; delivery < 5; delivery += 1) {
      Object.assign(clock, { asked: 0, breaksAt })
      t.strictSame(await send(delivery), { kind: 'again', reason: REASON })
    }
    t.equal(letters.length, 0)
    Object.assign(clock, { asked: 0, breaksAt })
    t.strictSame(await send(5), { kind: 'rejected', events: 0, reason: REASON })
    t.match(letters, [{ reason: REASON, receivedAt: 1000 }])
    t.equal(Buffer.from(letters[0]?.payload ?? []).toString(), BODY)
    t.equal(kinds('bug').length, 5, 'each is told once')
    const outcomes = [...Array(4).fill('refused'), 'rejected']
    t.match(
      kinds('submission'),
      outcomes.map((outcome) => ({ outcome, encoding: 'base64', reason: REASON })),
    )
    t.strictSame(submissions.devices.top(9), [], 'no fault of its device')
    await submissions.drain()
    t.equal(submissions.size, 0)
  })
}

t.test('what came often elsewhere, or doesn’t say how often, is kept as well', async (t) => {
  const elsewhere = setUp()
  t.match(await elsewhere.send(7), { kind: 'rejected' })
  const { send, letters } = setUp()
  const kinds: string[] = []
  for (let delivery = 1; delivery <= 5; delivery += 1) kinds.push((await send()).kind)
  t.strictSame(kinds, [...Array(4).fill('again'), 'rejected'])
  t.equal(letters.length, 1)
})

t.test('a bug that has gone: it is published', async (t) => {
  const { stream, letters, clock, send } = setUp()
  t.match(await send(1), { kind: 'again' })
  clock.breaksAt = Number.POSITIVE_INFINITY
  t.strictSame(await send(2), { kind: 'published', events: 7 })
  t.equal(stream.stored.length, 7)
  t.equal(letters.length, 0)
})

t.test('a bug while it is redriven: it stays where it is', async (t) => {
  const { submissions, letters } = setUp()
  const letter = { topic: 'x', payload: Buffer.from(BODY), reason: 'x', receivedAt: 1000 }
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    t.strictSame(await submissions.redrive({ ...letter, firstReceivedAt: 1000 }), {
      outcome: 'unavailable',
      reason: REASON,
    })
  }
  t.equal(letters.length, 0)
})

t.test('a bug of the stream’s adapter is one of these', async (t) => {
  const stream = createFakeStream()
  stream.partitionOf = () => {
    throw new TypeError(`no such part ${'x'.repeat(1000)}`)
  }
  const { send, letters } = setUp({ stream, now: () => 2000 })
  t.strictSame(await send(5), {
    ...{
      kind: 'rejected',
      events: 0,
      reason: `internal error: ${`no such part ${'x'.repeat(1000)}`.slice(0, 300)}`,
    },
  })
  t.equal(letters.length, 1)
})

t.test('an observer that throws costs nobody anything', async (t) => {
  const bugs: unknown[] = []
  const { send, letters } = setUp({
    now: () => 2000,
    onEvent(event) {
      if (event.kind === 'bug') bugs.push(event.error)
      throw new Error('no such metric')
    },
  })
  t.match(await send(1), { kind: 'published', events: 7 })
  t.match(await send(1, 'nonsense'), { kind: 'rejected' })
  t.equal(letters.length, 1)
  t.match(bugs[0], { message: 'no such metric' })
})

t.test('whoever is to be answered and throws ends nothing but itself', async (t) => {
  const { submissions, kinds } = setUp({ now: () => 2000 })
  const fail = () => {
    throw new Error('nobody is there')
  }
  submissions.handle({ body: BODY, sentAt: 1000, done: fail, again: fail })
  await submissions.drain()
  t.equal(submissions.size, 0)
  t.equal(kinds('bug').length, 2)
})

t.test('so many are counted, those that came last', (t) => {
  const counts = new BugCounts(2)
  t.strictSame(
    ['a', 'b', 'a', 'c'].map((body) => counts.count(body)),
    [1, 1, 2, 1],
  )
  t.equal(counts.count('a'), 3)
  t.equal(counts.count('b'), 1, 'forgotten')
  t.end()
})
