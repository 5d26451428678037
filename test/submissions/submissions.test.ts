import t from 'tap'
import type { DeadLetter } from '../../src/ports/dead-letters.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'
import {
  SUBMISSIONS_TOPIC,
  type SubmissionEvent,
  type SubmissionOutcome,
  Submissions,
  type SubmissionsOptions,
} from '../../src/submissions/submissions.ts'
import { type CallFate, createFakeStream, type Fate } from './fake-stream.ts'
import { encode, SAMPLE, submission } from './submissions.ts'

type Answer = SubmissionOutcome | { readonly kind: 'again'; readonly reason: string }

function setUp(
  decide?: (records: readonly { readonly data: Uint8Array }[]) => CallFate,
  changes: Partial<SubmissionsOptions> = {},
) {
  const stream = createFakeStream(decide)
  const letters: DeadLetter[] = []
  const events: SubmissionEvent[] = []
  const submissions = new Submissions({
    ...{ stream, badEvents: 'drop-submission', callsMax: 4, keepQueueMax: 100 },
    ...{ devicesMax: 10, recentMax: 10, now: () => 2000 },
    async keep(given): Promise<WriteReport> {
      letters.push(...given)
      return { accepted: given.length, duplicates: [], rejected: [], retry: [] }
    },
    onEvent: (event) => events.push(event),
    ...changes,
  })
  const send = (body: string) =>
    new Promise<Answer>((resolve) => {
      submissions.handle({
        ...{ body, sentAt: 1000, done: resolve },
        again: (reason) => resolve({ kind: 'again', reason }),
      })
    })
  const told = () => events.filter((event) => event.kind === 'submission')
  return { stream, letters, submissions, send, told }
}

const numbered = (n: number, changes: object = {}) =>
  submission({
    submission_id: `81140a44-b06d-421d-bd00-${String(n).padStart(12, '0')}`,
    ...changes,
  })

t.test('a submission is done when its last event is confirmed', async (t) => {
  const { stream, send, told, submissions } = setUp()
  t.strictSame(await send(encode(SAMPLE)), { kind: 'published', events: 7 })
  t.same(
    stream.stored.map(({ data }) => JSON.parse(Buffer.from(data).toString()).seq),
    [0, 1, 2, 3, 4, 5, 6],
  )
  t.match(told(), [
    {
      ...{ outcome: 'published', encoding: 'base64', latencyMs: 1000 },
      events: { published: 7, rejected: 0 },
    },
  ])
  t.match(submissions.devices.top(9), [{ deviceId: SAMPLE.device_id, valid: 1, invalid: 0 }])
})

t.test('nothing to publish is published', async (t) => {
  const { stream, send } = setUp()
  t.strictSame(await send(encode(submission({ events: {} }))), { kind: 'published', events: 0 })
  t.equal(stream.calls.length, 0)
})

t.test(
  'as large as a message may be: each event once, in its order, in a call of its own',
  async (t) => {
    const { stream, send } = setUp()
    const count = 32_000
    const events = { new_process: Array.from({ length: count }, () => ({ cmdl: 'ab', user: '' })) }
    const body = encode(submission({ events }))
    t.ok(body.length > 1_000_000 && body.length <= 1_048_576, `${body.length}`)
    const [large, other] = await Promise.all([send(body), send(encode(numbered(1)))])
    t.strictSame(
      [large, other],
      [
        { kind: 'published', events: count },
        { kind: 'published', events: 7 },
      ],
    )
    const texts = stream.stored.map(({ data }) => Buffer.from(data).toString())
    const seqs = texts
      .filter((text) => text.includes(SAMPLE.submission_id))
      .map((text) => JSON.parse(text).seq)
    t.strictSame(seqs, [...Array(count).keys()])
    t.ok(stream.calls.every(({ length }) => length <= 2))
  },
)

t.test('what is invalid is kept, byte by byte, with the reason', async (t) => {
  const { stream, letters, send, told, submissions } = setUp()
  const bad = encode(submission({ events: { new_process: [{ cmdl: null, user: 'a' }] } }))
  for (const body of [bad, 'no base64!\0', '']) {
    t.match(await send(body), { kind: 'rejected', events: 0 }, JSON.stringify(body))
    const letter = letters.at(-1)
    t.match(letter, { topic: SUBMISSIONS_TOPIC, receivedAt: 1000 })
    t.equal(Buffer.from(letter?.payload ?? []).toString(), body)
  }
  t.match(letters[0]?.reason, /^events.new_process\[0\] has a cmdl that is not a string/)
  t.equal(stream.calls.length, 0)
  t.match(told(), [{ outcome: 'rejected', encoding: 'base64' }])
  t.match(submissions.devices.top(9), [{ deviceId: SAMPLE.device_id, invalid: 1, valid: 0 }])
  t.strictSame(submissions.devices.others(), { valid: 0, invalid: 2 })
})

t.test('only the bad event is dropped, if that is the setting', async (t) => {
  const { stream, letters, send, told } = setUp(undefined, { badEvents: 'drop-event' })
  const events = { new_process: [{ cmdl: null, user: 'a' }, ...SAMPLE.events.new_process] }
  t.match(await send(encode(submission({ events }))), {
    ...{ kind: 'rejected', events: 4 },
    reason: 'published without events.new_process[0] has a cmdl that is not a string',
  })
  t.equal(stream.stored.length, 4)
  t.equal(letters.length, 1)
  t.match(told(), [{ events: { published: 4, rejected: 1 } }])
})

t.test('an event that the stream never takes costs itself, and is told of', async (t) => {
  const isPoison = ({ data }: { data: Uint8Array }) => Buffer.from(data).includes('"seq":2')
  const { stream, letters, send } = setUp((records) =>
    records.map((record): Fate => (isPoison(record) ? 'rejected' : 'stored')),
  )
  t.match(await send(encode(SAMPLE)), { kind: 'rejected', events: 6 })
  t.equal(stream.stored.length, 6)
  t.match(letters, [{ reason: /without events.new_process\[2\] can't be published: poison$/ }])
})

t.test('what the stream refused is published when it is redriven', async (t) => {
  let isRefusing = true
  const { stream, letters, send, submissions } = setUp((records) =>
    records.map(() => (isRefusing ? 'rejected' : 'stored')),
  )
  t.match(await send(encode(SAMPLE)), { kind: 'rejected', events: 0 })
  const [letter] = letters
  t.ok(letter)
  if (letter === undefined) return
  const redrive = () => submissions.redrive({ ...letter, firstReceivedAt: 1000 })
  t.match(await redrive(), { outcome: 'dead-lettered' })
  isRefusing = false
  t.match(await redrive(), { outcome: 'accepted' })
  t.equal(stream.stored.length, 7)
})

t.test('the same message twice, at once and later, is published once', async (t) => {
  const { stream, send, told } = setUp()
  const body = encode(SAMPLE)
  const both = await Promise.all([send(body), send(body)])
  t.strictSame(both.map(({ kind }) => kind).sort(), ['duplicate', 'published'])
  t.strictSame(await send(body), { kind: 'duplicate', events: 7 })
  t.equal(stream.stored.length, 7)
  const published = told().map((event) =>
    event.kind === 'submission' ? event.events.published : 0,
  )
  t.equal(
    published.reduce((sum, count) => sum + count, 0),
    7,
  )
  // What is remembered is bounded; beyond it comes the same again, with the same ids.
  await Promise.all(Array.from({ length: 10 }, (_, n) => send(encode(numbered(n)))))
  t.match(await send(body), { kind: 'published' })
  t.strictSame(idsOf(stream.stored.slice(-7)), idsOf(stream.stored.slice(0, 7)))
})

t.test('what can’t be published now comes again, and is published then', async (t) => {
  const { submissions, send, told } = setUp(() => 'fails')
  const answered = send(encode(SAMPLE))
  submissions.abort('this instance is stopping')
  t.match(await answered, { kind: 'again', reason: 'this instance is stopping' })
  await submissions.drain()
  t.match(told(), [{ outcome: 'refused' }])
})

t.test('what can’t be kept now comes again', async (t) => {
  const { send, submissions } = setUp(undefined, {
    keep: async () => {
      throw new Error('the disk is full')
    },
  })
  const answered = send('nonsense')
  await new Promise((resolve) => setImmediate(resolve))
  submissions.abort('this instance is stopping')
  t.match(await answered, { kind: 'again', reason: /not kept in the diagnostics: .*stopping/ })
})

t.test('each event counts once, also if its submission has to come again', async (t) => {
  const { submissions, letters, send, told } = setUp(undefined, { badEvents: 'drop-event' })
  const events = { new_process: [{ cmdl: null, user: 'a' }, ...SAMPLE.events.new_process] }
  const body = encode(submission({ events }))
  const refusing = setUp(undefined, {
    badEvents: 'drop-event',
    keepQueueMax: 0,
  })
  for (let attempt = 0; attempt < 2; attempt += 1) {
    t.match(await refusing.send(body), { kind: 'again', reason: /not kept in the diagnostics/ })
  }
  t.strictSame(
    refusing.told().map((event) => event.kind === 'submission' && event.events.published),
    [4, 0],
  )
  t.match(await send(body), { kind: 'rejected', events: 4 })
  t.match(await send(body), { kind: 'rejected', events: 0 })
  t.equal(letters.length, 2)
  t.match(told(), [{ events: { published: 4, rejected: 1 } }, { events: { published: 0 } }])
  t.equal(submissions.devices.top(1)[0]?.invalid, 2)
})

t.test('drained: everything that came is answered', async (t) => {
  const { submissions, send } = setUp()
  const answers = Array.from({ length: 50 }, (_, n) => send(encode(numbered(n))))
  await submissions.drain()
  t.equal(submissions.size, 0)
  t.equal((await Promise.all(answers)).length, 50)
})

t.test('sent = published + rejected, whatever comes', async (t) => {
  let call = 0
  const { stream, letters, send } = setUp(
    (records) => {
      call += 1
      if (call % 5 === 0) return 'fails'
      return records.map((_, index): Fate => ((index + call) % 7 === 0 ? 'retry' : 'stored'))
    },
    { recentMax: 1000, devicesMax: 1000, keepQueueMax: 1000 },
  )
  const bodies = Array.from({ length: 400 }, (_, n) => {
    if (n % 10 === 3) return `broken ${n}`
    if (n % 10 === 7) return encode(numbered(n, { device_id: 'x' }))
    return encode(numbered(n))
  })
  const answers = await Promise.all(bodies.map(send))
  const rejected = answers.filter(({ kind }) => kind === 'rejected')
  t.equal(rejected.length, 80)
  t.equal(letters.length, 80)
  t.equal(answers.filter(({ kind }) => kind === 'published').length, 320)
  t.equal(stream.stored.length, 320 * 7)
  t.equal(new Set(idsOf(stream.stored)).size, 320 * 7)
})

function idsOf(records: readonly { readonly data: Uint8Array }[]): string[] {
  return records.map(({ data }) => JSON.parse(Buffer.from(data).toString()).event_id)
}
