import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Replay } from '../../src/archive/replay.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'

const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`)
const MINUTE = 60_000

/** Objects by their key below the prefix; each of them was written at `modifiedAt`. */
async function replay(
  objects: Readonly<Record<string, Buffer>>,
  range: { readonly from: number; readonly to: number },
  modifiedAt = at('23:00:00'),
  now = at('23:30:00'),
) {
  const delivered: FeedMessage[] = []
  const found = Object.entries(objects).map(([key, body]) => ({
    ...{ key: `archive/2026/03/01/${key}`, body, modifiedAt, bytes: body.length },
  }))
  const replay = new Replay({
    objectStore: {
      list: async (prefix) => ({
        objects: found.filter(({ key }) => key.startsWith(prefix)) as any,
        next: undefined,
      }),
      get: async (key) => found.find((object) => object.key === key)?.body,
    },
    ...{ objectPrefix: 'archive/', objectMaxMs: 5 * MINUTE, signal: new AbortController().signal },
    now: () => now,
    deliver(message) {
      delivered.push(message)
      message.acknowledge()
    },
  })
  await replay.run(range)
  return { delivered, topics: delivered.map(({ topic }) => topic), progress: replay.progress }
}

const name = (time: string): string =>
  `${time.slice(0, 2)}/fleetgrid-1-2026-03-01-${time.replaceAll(':', '-')}-x.ndjson.gz`
const lines = (...texts: string[]): Buffer => gzipSync(texts.map((text) => `${text}\n`).join(''))
const message = (topic: string): string => `{"topic":"${topic}","a":1}`

t.test('a time: also the objects that were begun before it and may hold it', async (t) => {
  const times = ['09:54:00', '09:55:30', '10:00:00', '10:59:59', '11:00:00']
  const { topics, progress } = await replay(
    {
      ...Object.fromEntries(times.map((time) => [name(time), lines(message(time))])),
      '09/foreign.gz': lines(message('foreign 9')),
      '10/foreign.gz': lines(message('foreign 10')),
    },
    { from: at('10:00:00'), to: at('11:00:00') },
  )
  t.same(topics, ['09:55:30', '10:00:00', '10:59:59', 'foreign 10'])
  t.match(progress, { state: 'done', messages: 4, objects: 4, unreadable: 0 })
})

t.test('what was written or copied later did not come later', async (t) => {
  const range = { from: at('10:00:00'), to: at('11:00:00') }
  const objects = { [name('10:00:00')]: lines(message('a')) }
  const copied = await replay(objects, range)
  t.equal(copied.delivered[0]?.receivedAt, at('10:05:00') + 999)
  const written = await replay(objects, range, at('10:01:00'))
  t.equal(written.delivered[0]?.receivedAt, at('10:01:00'))
})

t.test('what says when it came came then, and is wanted or not by that', async (t) => {
  const received = (topic: string, time: string): string =>
    `{"topic":"${topic}","received_at":"2026-03-01T${time}Z","a":1}`
  const { delivered, progress } = await replay(
    {
      [name('09:57:00')]: lines(
        received('early', '09:59:59.999'),
        received('first', '10:00:00.000'),
      ),
      [name('10:58:00')]: lines(
        received('last', '10:59:59.999'),
        received('late', '11:00:00.000'),
        received('of a clock ahead', '23:30:00.001'),
        received('no time', '25:00:00.000'),
        '{"topic":"of no clock","received_at":"1970-01-01T00:00:00.000Z"}',
      ),
    },
    { from: at('10:00:00'), to: at('11:00:00') },
  )
  const object = at('11:03:00') + 999
  t.strictSame(
    delivered.map(({ topic, receivedAt }) => [topic, receivedAt]),
    [
      ['first', at('10:00:00')],
      ['last', at('11:00:00') - 1],
      ['of a clock ahead', object],
      ['no time', object],
      ['of no clock', object],
    ],
  )
  t.match(progress, { state: 'done', objects: 2, messages: 5, outside: 2, unreadable: 0 })
})

t.test('what is no message, or no archive, is counted and holds up nothing', async (t) => {
  const whole = lines(message('torn'), message('lost'))
  const { topics, progress } = await replay(
    {
      [name('10:00:00')]: lines('null', '', '[1]', '{"topic":5}', `"${'x'.repeat(5_000_000)}"`),
      [name('10:00:01')]: Buffer.from('no gzip'),
      [name('10:00:02')]: whole.subarray(0, whole.length - 12),
      [name('10:00:03')]: Buffer.concat([lines(message('one')), lines(message('two'))]),
      [name('10:00:04')]: Buffer.alloc(0),
    },
    { from: at('10:00:00'), to: at('11:00:00') },
  )
  t.same(
    topics.filter((topic) => topic !== 'torn' && topic !== 'lost'),
    ['one', 'two'],
  )
  t.match(progress, { state: 'done', objects: 5, unreadable: 7 })
})
