import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import t, { type Test } from 'tap'
import { SqsPoller } from '../../src/adapters/sqs/poller.ts'
import type { SqsEvent } from '../../src/adapters/sqs/sqs-event.ts'
import type { SqsPollerConfig } from '../../src/config/adapters.ts'
import type { QueueMessage } from '../../src/ports/work-queue.ts'
import { makeQueue } from '../helpers/engines.ts'
import { startSqsProxy } from '../helpers/sqs-proxy.ts'
import { until } from '../helpers/until.ts'

async function setUp(
  t: Test,
  changes: Partial<SqsPollerConfig> = {},
  observe: (event: SqsEvent) => void = () => undefined,
) {
  const { url, region, endpoint } = await makeQueue(t)
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const proxy = await startSqsProxy(t, endpoint)
  const events: SqsEvent[] = []
  const config: SqsPollerConfig = {
    aws: { region, endpoint: proxy.endpoint },
    queueUrl: url,
    pollers: 2,
    receiveMax: 10,
    inFlightMax: 100,
    inFlightMaxBytes: 64_000_000,
    visibilityMs: 30_000,
    ...changes,
  }
  const onEvent = (event: SqsEvent): void => {
    events.push(event)
    observe(event)
  }
  const poller = new SqsPoller(config, { onEvent, now: Date.now })
  t.teardown(() => poller.close())
  return {
    poller,
    proxy,
    events,
    /** All that was counted of a kind. */
    count: (kind: 'received' | 'deleted' | 'released' | 'extended') =>
      events.reduce((sum, event) => sum + (event.kind === kind ? event.count : 0), 0),
    async send(total: number, sizeBytes = 0): Promise<void> {
      for (let first = 0; first < total; first += 10) {
        const Entries = Array.from({ length: Math.min(10, total - first) }, (_, index) => ({
          Id: String(index),
          MessageBody: `message ${first + index} `.padEnd(sizeBytes, 'x'),
        }))
        // So many bytes, in all, are taken in one request.
        const inOne = sizeBytes > 10_000 ? 1 : Entries.length
        for (let sent = 0; sent < Entries.length; sent += inOne) {
          const part = Entries.slice(sent, sent + inOne)
          await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: part }))
        }
      }
    },
    /** Messages that the queue still has, visible or not. */
    async left(): Promise<number> {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
      )
      const { ApproximateNumberOfMessages = 0, ApproximateNumberOfMessagesNotVisible = 0 } =
        Attributes
      return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible)
    },
  }
}

t.test('every message is delivered once and deleted, in few requests', async (t) => {
  const { poller, proxy, send, left, count } = await setUp(t)
  await send(1000)
  const bodies: string[] = []
  await poller.start((message) => {
    bodies.push(message.body)
    message.delete()
  })
  await until(() => count('deleted') === 1000, { what: '1000 deletes' })
  t.equal(bodies.length, 1000)
  t.equal(new Set(bodies).size, 1000)
  t.equal(await left(), 0)
  const requests = proxy.counts.get('DeleteMessageBatch') ?? 0
  t.ok(requests <= 150, `${requests} requests for 1000 deletes`)
})

t.test('a receive brings no more than it may, and needs room for no more', async (t) => {
  const { poller, events, send, left } = await setUp(t, {
    ...{ receiveMax: 3, inFlightMax: 3, inFlightMaxBytes: 4_000_000 },
  })
  await send(30)
  await poller.start((message) => message.delete())
  await until(async () => (await left()) === 0, { what: 'an empty queue' })
  const counts = events.flatMap((event) => (event.kind === 'received' ? [event.count] : []))
  t.ok(
    counts.every((count) => count <= 3),
    `${counts}`,
  )
})

t.test('what takes long to handle stays invisible to others', async (t) => {
  const slow = await setUp(t, { visibilityMs: 2000, pollers: 1 })
  await slow.send(12)
  const messages: QueueMessage[] = []
  await slow.poller.start((message) => messages.push(message))
  // 4 times half of the 2 seconds: without it the messages would have come again.
  await until(() => slow.count('extended') >= 12 * 4, { what: 'four rounds of extensions' })
  t.equal(slow.count('received'), 12)
  for (const message of messages) message.delete()
  await until(async () => (await slow.left()) === 0)
  t.equal(messages.length, 12)
})

t.test('receiving fails for a while: nothing is lost, and it says so once a round', async (t) => {
  const { poller, proxy, events, send, left } = await setUp(t)
  await send(100)
  let delivered = 0
  await poller.start((message) => {
    delivered += 1
    message.delete()
  })
  await until(() => delivered === 100)
  const failures = () => events.filter((event) => event.kind === 'failed')
  for (const fault of ['error', 'reset'] as const) {
    proxy.fail('ReceiveMessage', fault)
    // Long polls under way still bring these, or nothing more.
    await send(40)
    const before = failures().length
    await until(() => failures().length >= before + 3, { what: 'three failures' })
    await until(() => poller.problems().length > 0, { what: 'it says so' })
    t.match(poller.problems(), [/SQS queue http.* does not answer as it should/])
    t.match(failures().at(-1), { operation: 'receive', needsPerson: false })
    proxy.fail('ReceiveMessage', undefined)
    await until(() => poller.problems().length === 0, { what: 'recovery' })
    await send(40)
    await until(async () => (await left()) === 0, { what: 'an empty queue' })
  }
  t.ok(delivered >= 100 + 2 * 80, `${delivered} deliveries`)
  t.ok(events.some((event) => event.kind === 'recovered'))
})

t.test('deleting fails for a while: repeated until it is done', async (t) => {
  const { poller, proxy, events, send, left, count } = await setUp(t)
  await send(30)
  proxy.fail('DeleteMessageBatch', 'error')
  let delivered = 0
  await poller.start((message) => {
    delivered += 1
    message.delete()
  })
  await until(() => events.filter(({ kind }) => kind === 'failed').length >= 2)
  t.equal(count('deleted'), 0)
  proxy.fail('DeleteMessageBatch', undefined)
  await until(async () => (await left()) === 0, { what: 'an empty queue' })
  t.equal(delivered, 30, 'kept invisible meanwhile')
})

t.test('a message that is refused comes again and knows how often it came', async (t) => {
  const { poller, send, count } = await setUp(t)
  await send(1)
  const receiveCounts: number[] = []
  const sentAt = new Set<number>()
  await poller.start((message) => {
    receiveCounts.push(message.receiveCount)
    sentAt.add(message.sentAt)
    if (message.receiveCount < 3) message.release()
    else message.delete()
  })
  await until(() => count('deleted') === 1)
  t.strictSame(receiveCounts, [1, 2, 3])
  t.equal(sentAt.size, 1, 'the time at which the queue got it')
  t.equal(count('released'), 2)
})

t.test('closing gives back what is out, at once', async (t) => {
  const { poller, send, count } = await setUp(t, { pollers: 1 })
  await send(5)
  const messages: QueueMessage[] = []
  await poller.start((message) => messages.push(message))
  await until(() => messages.length === 5)
  await poller.stopReceiving()
  messages[0]?.delete()
  await poller.close()
  t.equal(count('deleted'), 1)
  t.equal(count('released'), 4)
})

t.test('a queue that does not exist fails the start and says what to do', async (t) => {
  const { poller } = await setUp(t, { queueUrl: 'http://127.0.0.1/000000000000/nowhere' })
  await t.rejects(
    poller.start(() => undefined),
    /SQS queue http:\/\/127.0.0.1\/000000000000\/nowhere: there is no such queue: check its URL and AWS_REGION/,
  )
})

t.test(
  'deletes that fail are a problem, the more so when nothing is received any more',
  async (t) => {
    const { poller, proxy, send, left, count } = await setUp(t, { inFlightMax: 20 })
    await send(50)
    proxy.fail('DeleteMessageBatch', 'error')
    await poller.start((message) => message.delete())
    await until(() => poller.problems().length > 0, { what: 'a problem' })
    t.match(poller.problems(), [
      /^SQS queue http.* does not answer as it should.*; 20 messages are stored but not deleted/,
    ])
    t.equal(count('received'), 20)
    proxy.fail('DeleteMessageBatch', undefined)
    await until(() => poller.problems().length === 0, { what: 'recovery' })
    await until(async () => (await left()) === 0, { what: 'an empty queue' })
  },
)

t.test('visibility that can not be changed is a problem until it can', async (t) => {
  const { poller, proxy, send, count } = await setUp(t)
  await send(1)
  proxy.fail('ChangeMessageVisibilityBatch', 'error')
  await poller.start((message) => message.release())
  await until(() => poller.problems().length > 0, { what: 'a problem' })
  t.match(poller.problems(), [/does not answer as it should/])
  proxy.fail('ChangeMessageVisibilityBatch', undefined)
  await until(() => poller.problems().length === 0, { what: 'recovery' })
  await until(() => count('released') >= 1, { what: 'the release' })
})

t.test('the bytes that are out are bounded too', async (t) => {
  const SIZE = 200_000
  const max = 12_000_000
  const { poller, send, count } = await setUp(t, { inFlightMaxBytes: max, pollers: 3 })
  await send(90, SIZE)
  const out: QueueMessage[] = []
  let mostOut = 0
  let done = 0
  await poller.start((message) => {
    out.push(message)
    mostOut = Math.max(mostOut, out.length)
  })
  // Slower than they come: each round waits for its deletes.
  while (done < 90) {
    await until(() => out.length > 0, { what: 'another message' })
    for (const message of out.splice(0, 5)) {
      message.delete()
      done += 1
    }
    await until(() => count('deleted') === done, { what: 'the deletes' })
  }
  t.ok(mostOut * SIZE <= max, `${mostOut} messages were out`)
})

t.test('a handler that throws is a bug: the message comes again, the others go on', async (t) => {
  const { poller, events, send, left } = await setUp(t)
  await send(30)
  let thrown = 0
  await poller.start((message) => {
    if (message.body.startsWith('message 7') && message.receiveCount < 3) {
      thrown += 1
      throw new RangeError('Maximum call stack size exceeded')
    }
    message.delete()
  })
  await until(async () => (await left()) === 0, { what: 'an empty queue' })
  t.equal(thrown, 2)
  t.match(
    events.filter(({ kind }) => kind === 'failed'),
    [1, 2].map((attempt) => ({
      operation: 'deliver',
      attempt,
      needsPerson: true,
      message: /a bug of ours.*RangeError: Maximum call stack/,
    })),
  )
})

t.test('an observer that throws stops nothing', async (t) => {
  const { poller, send, left } = await setUp(t, {}, () => {
    throw new Error('the log is full')
  })
  await send(30)
  await poller.start((message) => message.delete())
  await until(async () => (await left()) === 0, { what: 'an empty queue' })
  t.same(poller.problems(), [])
})

t.test('a release that waits is not applied to the next delivery', async (t) => {
  const { poller, proxy, send, left, count } = await setUp(t, { visibilityMs: 2000, pollers: 1 })
  await send(1)
  proxy.fail('ChangeMessageVisibilityBatch', 'error')
  const messages: QueueMessage[] = []
  await poller.start((message) => {
    messages.push(message)
    if (messages.length === 1) message.release()
  })
  // Its visibility ends although the release could not be sent.
  await until(() => messages.length === 2, { what: 'the next delivery' })
  proxy.fail('ChangeMessageVisibilityBatch', undefined)
  await until(() => count('extended') >= 3, { what: 'three extensions' })
  t.equal(count('released'), 0)
  t.equal(messages.length, 2, 'it stays out')
  messages[1]?.delete()
  await until(async () => (await left()) === 0, { what: 'an empty queue' })
})
