import t from 'tap'
import { type ArchiveEvent, ArchiveMessages } from '../../src/archive/archive-messages.ts'
import type { Archive, ArchiveRecord } from '../../src/ports/archive.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'

function setUp(append: (records: readonly ArchiveRecord[]) => Promise<WriteReport>) {
  const archive: Archive = {
    ...{ append, open: async () => {}, flush: async () => {}, close: async () => {} },
    problems: () => [],
  }
  const delivered: FeedMessage[] = []
  const events: ArchiveEvent[] = []
  const messages = new ArchiveMessages({
    ...{ archive, deliver: (message) => delivered.push(message), queueMax: 10 },
    ...{ deadlineMs: 60_000, now: Date.now, onEvent: (event) => events.push(event) },
  })
  const answers: string[] = []
  const send = (payload: string) =>
    messages.deliver({
      ...{ topic: 'a', payload: Buffer.from(payload), receivedAt: 5 },
      acknowledge: () => answers.push('acknowledged'),
      refuse: (reason) => answers.push(reason),
    })
  return { messages, delivered, events, answers, send }
}

const taken = (records: readonly unknown[]): WriteReport => ({
  ...{ accepted: records.length, duplicates: [], rejected: [], retry: [] },
})

t.test('its sender is told when both have it', async (t) => {
  const lines: string[] = []
  const { messages, delivered, answers, send } = setUp(async (records) => {
    lines.push(...records.map(({ data }) => Buffer.from(data).toString()))
    return taken(records)
  })
  send('{"a":1}')
  send('{"a":2}')
  delivered[0]?.acknowledge()
  t.same(answers, [])
  await messages.drain()
  t.same(answers, ['acknowledged'])
  delivered[1]?.acknowledge()
  t.same(answers, ['acknowledged', 'acknowledged'])
  t.same(
    lines,
    [1, 2].map((a) => `{"topic":"a","received_at":"1970-01-01T00:00:00.005Z","a":${a}}\n`),
  )
})

t.test('refused by one of them, it is refused once and comes again', async (t) => {
  const { messages, delivered, answers, send } = setUp(async (records) => taken(records))
  send('{}')
  delivered[0]?.refuse('full')
  await messages.drain()
  t.same(answers, ['full'])
  send('{}')
  messages.abort('stopping')
  delivered[1]?.acknowledge()
  delivered[1]?.refuse('late')
  t.same(answers, ['full', 'stopping'])
})

t.test('what the archive never takes stops nothing, and is told of', async (t) => {
  const { messages, delivered, answers, events, send } = setUp(async () => ({
    ...{ accepted: 0, duplicates: [], retry: [] },
    rejected: [{ index: 0, reason: 'too large' }],
  }))
  send('{}')
  delivered[0]?.acknowledge()
  await messages.drain()
  t.same(answers, ['acknowledged'])
  t.match(
    events.filter(({ kind }) => kind === 'rejected'),
    [{ topic: 'a', reason: 'too large' }],
  )
})

t.test('bounded: more than may wait is refused', async (t) => {
  const { answers, send, messages } = setUp(() => new Promise(() => undefined))
  for (let n = 0; n < 15; n += 1) send('{}')
  t.equal(answers.length, 5)
  messages.abort('stopping')
  t.equal(answers.length, 15)
})
