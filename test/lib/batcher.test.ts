import t from 'tap'
import {
  Batcher,
  type BatcherOptions,
  type BatchReport,
  type Settled,
} from '../../src/lib/batcher.ts'
import { until } from '../helpers/until.ts'

const ALL_WELL: BatchReport = { duplicates: [], rejected: [], retry: [] }

/** A sink whose writes the test answers itself, one after the other. */
function setUp(options: Partial<BatcherOptions<number>> = {}) {
  const written: number[][] = []
  const answers: ((report: BatchReport | Error) => void)[] = []
  const results = new Map<number, Settled>()
  let waiting: (() => void) | undefined
  const batcher = new Batcher<number>({
    batchMax: 100,
    queueMax: 1000,
    deadlineMs: 60_000,
    now: Date.now,
    settle: (item, result) => {
      if (results.has(item)) throw new Error(`${item} settled twice`)
      results.set(item, result)
    },
    write: (items) => {
      written.push([...items])
      waiting?.()
      return new Promise((resolve, reject) => {
        answers.push((report) => (report instanceof Error ? reject(report) : resolve(report)))
      })
    },
    ...options,
  })
  const nextWrite = async (): Promise<(report: BatchReport | Error) => void> => {
    if (answers.length === 0) await new Promise<void>((resolve) => (waiting = resolve))
    const answer = answers.shift()
    if (answer === undefined) throw new Error('no write')
    return answer
  }
  return { batcher, written, results, nextWrite }
}

t.test('what arrives while a write is out goes into the next one, together', async (t) => {
  const { batcher, written, results, nextWrite } = setUp()
  batcher.add(1)
  batcher.add(2)
  const first = await nextWrite()
  for (const item of [3, 4, 5]) batcher.add(item)
  first(ALL_WELL)
  const second = await nextWrite()
  t.same(written, [
    [1, 2],
    [3, 4, 5],
  ])
  t.same([...results.keys()], [1, 2], 'the second write is not durable yet')
  second(ALL_WELL)
  await batcher.drain()
  t.equal(batcher.size, 0)
  t.equal(results.get(5)?.outcome, 'accepted')
})

t.test('a batch is never larger than its limit', async (t) => {
  const { batcher, written, nextWrite } = setUp({ batchMax: 2 })
  for (const item of [1, 2, 3]) batcher.add(item)
  ;(await nextWrite())(ALL_WELL)
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.same(written, [[1, 2], [3]])
})

t.test('each item gets its own answer', async (t) => {
  const { batcher, results, nextWrite, written } = setUp()
  for (const item of [0, 1, 2, 3]) batcher.add(item)
  const report = { duplicates: [1], rejected: [{ index: 2, reason: 'broken' }], retry: [3] }
  ;(await nextWrite())(report)
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.same(Object.fromEntries(results), {
    0: { outcome: 'accepted' },
    1: { outcome: 'duplicate' },
    2: { outcome: 'rejected', reason: 'broken' },
    3: { outcome: 'accepted' },
  })
  t.same(written, [[0, 1, 2, 3], [3]])
})

t.test('after a failed write everything is written again, the oldest first', async (t) => {
  const retries: number[] = []
  const { batcher, written, nextWrite } = setUp({ onRetry: (count) => retries.push(count) })
  batcher.add(1)
  const first = await nextWrite()
  batcher.add(2)
  first(new Error('disk full'))
  const second = await nextWrite()
  t.ok(batcher.failing)
  second(ALL_WELL)
  await batcher.drain()
  t.same(written, [[1], [1, 2]])
  t.same(retries, [1])
  t.notOk(batcher.failing, 'recovers without a restart')
})

t.test('a full queue refuses at once', async (t) => {
  const { batcher, results, nextWrite } = setUp({ queueMax: 2 })
  for (const item of [1, 2, 3]) batcher.add(item)
  t.match(results.get(3), { outcome: 'refused', reason: /more than 2 messages/ })
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.equal(results.size, 3)
})

t.test('an item past its deadline is refused, and its late success changes nothing', async (t) => {
  let now = 0
  const { batcher, results, nextWrite } = setUp({ deadlineMs: 500, now: () => now })
  batcher.add(1)
  const first = await nextWrite()
  now = 1000
  await until(() => results.has(1))
  t.match(results.get(1), { outcome: 'refused', reason: 'not durable within 500 ms' })
  first(ALL_WELL)
  await batcher.drain()
  t.equal(results.get(1)?.outcome, 'refused')
})

t.test('abort refuses what is left and lets drain end', async (t) => {
  const { batcher, results, nextWrite } = setUp()
  batcher.add(1)
  const first = await nextWrite()
  batcher.add(2)
  batcher.abort('stopping')
  t.same(
    [...results.values()].map(({ outcome }) => outcome),
    ['refused', 'refused'],
  )
  first(new Error('still down'))
  await batcher.drain()
  t.equal(batcher.size, 0)
})

t.test('several writes may be out at once, each settles its own items', async (t) => {
  const { batcher, written, results, nextWrite } = setUp({ concurrency: 2, batchMax: 2 })
  for (const item of [1, 2, 3, 4, 5]) batcher.add(item)
  const first = await nextWrite()
  const second = await nextWrite()
  t.same(written, [
    [1, 2],
    [3, 4],
  ])
  second(ALL_WELL)
  const third = await nextWrite()
  t.same([...results.keys()], [3, 4])
  first(ALL_WELL)
  third(ALL_WELL)
  await batcher.drain()
  t.equal(results.size, 5)
})

t.test('after one of several fails nothing goes out before the pause is over', async (t) => {
  const attempts: number[] = []
  const { batcher, written, results, nextWrite } = setUp({
    concurrency: 2,
    batchMax: 1,
    onRetry: (_, attempt) => attempts.push(attempt),
  })
  batcher.add(1)
  batcher.add(2)
  const first = await nextWrite()
  const second = await nextWrite()
  first(new Error('busy'))
  await until(() => attempts.length === 1)
  batcher.add(3)
  second(ALL_WELL)
  await until(() => results.has(2))
  t.same(written, [[1], [2]], 'paused')
  ;(await nextWrite())(ALL_WELL)
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.same(written, [[1], [2], [1], [3]], 'the failed one comes first')
})

t.test('a batch that is not full lingers for more; a full one does not', async (t) => {
  const { batcher, written, nextWrite } = setUp({ lingerMs: 20, batchMax: 3, concurrency: 2 })
  batcher.add(1)
  await new Promise((resolve) => setImmediate(resolve))
  batcher.add(2)
  const first = await nextWrite()
  t.same(written, [[1, 2]])
  for (const item of [3, 4, 5]) batcher.add(item)
  t.same(written[1], [3, 4, 5], 'at once')
  first(ALL_WELL)
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.equal(batcher.size, 0)
})

t.test('a drain does not wait for what lingers longer than needed, and always ends', async (t) => {
  const { batcher, nextWrite, results } = setUp({ lingerMs: 5, concurrency: 3, batchMax: 2 })
  for (let item = 0; item < 9; item += 1) batcher.add(item)
  const drained = batcher.drain()
  for (let write = 0; write < 5; write += 1) (await nextWrite())(ALL_WELL)
  await drained
  t.equal(results.size, 9)
})

t.test('an item that has to come again holds up nobody', async (t) => {
  const attempts: number[] = []
  const { batcher, written, results, nextWrite } = setUp({
    batchMax: 2,
    onRetry: (_, attempt) => attempts.push(attempt),
  })
  for (const item of [1, 2, 3, 4]) batcher.add(item)
  ;(await nextWrite())({ duplicates: [], rejected: [], retry: [0], retryReason: 'not now' })
  const second = await nextWrite()
  t.same(written[1], [3, 4], 'at once')
  t.notOk(batcher.failing, 'the sink works')
  second(ALL_WELL)
  ;(await nextWrite())({ duplicates: [], rejected: [], retry: [0] })
  ;(await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.same(written.slice(2), [[1], [1]])
  t.same(attempts.length, 2)
  t.equal(results.size, 4)
})

t.test('writes that fail together are one failure', async (t) => {
  const attempts: number[] = []
  const { batcher, results, nextWrite } = setUp({
    concurrency: 3,
    batchMax: 1,
    onRetry: (_, attempt) => attempts.push(attempt),
  })
  for (const item of [1, 2, 3]) batcher.add(item)
  for (const answer of [await nextWrite(), await nextWrite(), await nextWrite()]) {
    answer(new Error('away'))
  }
  for (let write = 0; write < 3; write += 1) (await nextWrite())(ALL_WELL)
  await batcher.drain()
  t.same(attempts, [1, 1, 1])
  t.equal(results.size, 3)
})
