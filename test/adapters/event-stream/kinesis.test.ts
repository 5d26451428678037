import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createKinesisStream } from '../../../src/adapters/event-stream/kinesis.ts'
import type { KinesisStreamConfig } from '../../../src/config/adapters.ts'
import type { StreamRecord } from '../../../src/ports/event-stream.ts'
import { eventStreamContract } from '../../contracts/event-stream.ts'
import { startKinesis } from '../../helpers/kinesis.ts'
import { type KinesisFault, startKinesisFaults } from '../../helpers/kinesis-faults.ts'

process.env['AWS_ACCESS_KEY_ID'] = 'test'
process.env['AWS_SECRET_ACCESS_KEY'] = 'test'

const LIMITS = { recordsMax: 500, bytesMax: 5_000_000, recordBytesMax: 1_048_576 }

async function setUp(t: Test, changes: Partial<KinesisStreamConfig> = {}) {
  const kinesis = await startKinesis(t)
  const faults: KinesisFault[] = []
  const proxy = await startKinesisFaults({
    target: kinesis.endpoint,
    choose: () => faults.shift(),
  })
  t.teardown(() => proxy.close())
  const stream = createKinesisStream({
    adapter: 'kinesis',
    aws: { region: 'us-east-1', endpoint: proxy.url },
    ...{ streamName: kinesis.streamName, limits: LIMITS, requestTimeoutMs: 20_000 },
    ...changes,
  })
  t.teardown(() => stream.close())
  return { kinesis, stream, faults }
}

const records = (count: number): StreamRecord[] =>
  Array.from({ length: count }, (_, n) => ({ key: `key-${n}`, data: Buffer.from(`event ${n}`) }))

await eventStreamContract(t, async (t) => {
  const { kinesis, stream } = await setUp(t)
  return { stream, read: () => kinesis.read() }
})

t.test('records arrive, and keys are where Kinesis puts them', async (t) => {
  const { kinesis, stream } = await setUp(t)
  await stream.open()
  t.match(await stream.append(records(500)), { accepted: 500, rejected: [], retry: [] })
  const stored = await kinesis.read()
  t.equal(stored.length, 500)
  // Read shard after shard: the keys of a partition are together.
  const order = stored.map(({ key }) => stream.partitionOf(key))
  t.equal(new Set(order).size, 2)
  t.same(order, order.toSorted())
})

t.test('what the documented faults do to a call', async (t) => {
  const { kinesis, stream, faults } = await setUp(t, { requestTimeoutMs: 1000 })
  await stream.open()
  faults.push('all')
  const all = await stream.append(records(10))
  t.match(all, { accepted: 0, rejected: [], retryReason: /ThroughputExceeded/ })
  t.equal(all.retry.length, 10, 'whatever FailedRecordCount says')
  t.equal((await kinesis.read()).length, 0)

  faults.push('subset')
  const some = await stream.append(records(100))
  const stored = new Set((await kinesis.read()).map(({ key }) => key))
  t.equal(some.accepted, stored.size)
  t.ok(some.retry.length > 0 && stored.size > 0)
  for (const index of some.retry) t.notOk(stored.has(`key-${index}`), 'what failed is not there')

  for (const fault of ['throttle', 'error', 'hang', 'reset', 'lost'] as const) {
    faults.push(fault)
    await t.rejects(
      stream.append(records(1)),
      { kind: 'unavailable', message: /Kinesis stream events in us-east-1 does not answer/ },
      fault,
    )
  }
  t.equal(stream.problems().length, 1)
  t.match(await stream.append(records(1)), { accepted: 1 })
  t.same(stream.problems(), [])
})

t.test('an answer that doesn’t name every record confirms none', async (t) => {
  const answers = [{ FailedRecordCount: 0, Records: [{ SequenceNumber: '1', ShardId: 's' }] }, {}]
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(answers.shift()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { stream } = await setUp(t, {
    aws: { region: 'us-east-1', endpoint: `http://127.0.0.1:${port}` },
  })
  for (const count of [1, 0]) {
    await t.rejects(stream.append(records(2)), {
      kind: 'unavailable',
      message: new RegExp(`${count} answers came for 2 records`),
    })
  }
})

t.test('one record that the service refuses costs no other one', async (t) => {
  const { kinesis, stream } = await setUp(t)
  await stream.open()
  const poison = { key: 'poison', data: Buffer.alloc(1_100_000) }
  const mixed = records(20).with(7, poison)
  const report = await stream.append(mixed)
  t.match(report, { accepted: 19, retry: [] })
  t.match(report.rejected, [{ index: 7, reason: /the stream refuses it/ }])
  t.equal((await kinesis.read()).length, 19)
})

t.test('no such stream: said at the start, with what to do', async (t) => {
  const { stream } = await setUp(t, { streamName: 'other' })
  await t.rejects(stream.open(), {
    kind: 'unavailable',
    message: /there is no such stream: check EVENT_STREAM_NAME and AWS_REGION/,
  })
})
