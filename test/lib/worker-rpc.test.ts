import t, { type Test } from 'tap'
import { WorkerClient, WorkerError } from '../../src/lib/worker-rpc.ts'
import { until } from '../helpers/until.ts'
import type { ExampleOptions, ExampleService } from './fixtures/example-service.ts'

const ENTRY = new URL('./fixtures/example-service.ts', import.meta.url)

function client(t: Test, options: ExampleOptions = {}): WorkerClient<ExampleService> {
  const worker = new WorkerClient<ExampleService>(ENTRY, options)
  t.teardown(() => worker.close())
  return worker
}

async function started(t: Test): Promise<WorkerClient<ExampleService>> {
  const worker = client(t)
  await worker.start()
  return worker
}

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => t.fail('it should have been rejected'),
    (reason: unknown) => reason,
  )
}

t.test('answers calls, also many at once', async (t) => {
  const worker = await started(t)
  const sums = await Promise.all([1, 2, 3].map((number) => worker.call('add', number, 10)))
  t.strictSame(sums, [11, 12, 13])
})

t.test('an error keeps its message, name and code', async (t) => {
  const worker = await started(t)
  const error = await reasonOf(worker.call('fail'))
  t.type(error, WorkerError)
  t.match(error, { message: 'out of paper', name: 'RangeError', code: 'paper' })
  t.equal(await worker.call('add', 1, 1), 2, 'the worker lives')
})

t.test('what can not be cloned fails that call only, either way', async (t) => {
  const worker = await started(t)
  const argument = (() => 1) as unknown as number
  t.match(await reasonOf(worker.call('add', argument, 1)), { name: 'DataCloneError' })
  t.match(await reasonOf(worker.call('unclonable')), { name: 'DataCloneError' })
  t.equal(await worker.call('add', 1, 1), 2)
})

t.test('streams every item, and what follows them', async (t) => {
  const worker = await started(t)
  const numbers: number[] = []
  for await (const number of worker.stream('numbers', 1000)) numbers.push(number)
  t.equal(numbers.length, 1000)
  t.strictSame(await worker.call('counts'), { produced: 1000, ended: 1 })
  const items: number[] = []
  const error = await reasonOf(
    (async () => {
      for await (const item of worker.stream('failing')) items.push(item)
    })(),
  )
  t.strictSame(items, [1])
  t.match(error, { message: 'no more', code: 'empty' })
})

t.test('a slow reader holds the generator back, and ends it by leaving', async (t) => {
  const worker = await started(t)
  for await (const number of worker.stream('numbers', 1000)) {
    const { produced } = await worker.call('counts')
    t.equal(produced, number + 1, 'nothing is produced ahead')
    if (number === 3) break
  }
  t.strictSame(await worker.call('counts'), { produced: 4, ended: 1 })
})

t.test('streams that nobody reads are ended, the oldest first', async (t) => {
  const worker = await started(t)
  const streams = Array.from({ length: 20 }, () => worker.stream('numbers', 5))
  for (const stream of streams) await stream.next()
  t.match(await worker.call('counts'), { ended: 4 })
  const error = await reasonOf(streams[0]?.next() ?? Promise.resolve())
  t.match(error, { code: 'unavailable' })
  t.strictSame(await streams.at(-1)?.next(), { done: false, value: 1 })
})

for (const death of ['die', 'crash'] as const) {
  t.test(`after "${death}" pending calls fail, and a new worker answers`, async (t) => {
    const worker = await started(t)
    const stream = worker.stream('numbers', 5)
    await stream.next()
    const pending = worker.call('never')
    const last = worker.call(death)
    t.match(await reasonOf(pending), { code: 'unavailable' })
    await Promise.allSettled([last])
    t.match(await reasonOf(worker.call('add', 1, 1)), { code: 'unavailable' }, 'not yet again')
    await until(() =>
      worker.call('opened').then(
        (opened) => opened === 1,
        () => false,
      ),
    )
    t.match(await reasonOf(stream.next()), { code: 'unavailable' }, 'a stream dies with its worker')
    t.equal(await worker.call('add', 1, 1), 2)
  })
}

t.test('a worker that can not open says why', async (t) => {
  const worker = client(t, { failure: 'no such file' })
  t.match(await reasonOf(worker.start()), { message: 'no such file' })
  t.match(await reasonOf(worker.call('add', 1, 1)), { code: 'unavailable' })
})

t.test('close lets pending calls finish and refuses new ones', async (t) => {
  const worker = await started(t)
  const pending = worker.call('slow', 500)
  const closing = worker.close()
  t.match(await reasonOf(worker.call('add', 1, 1)), { code: 'unavailable', message: /closed/ })
  t.equal(await pending, 'done')
  await closing
  await worker.close()
  t.match(await reasonOf(worker.stream('numbers', 1).next()), { code: 'unavailable' })
})
