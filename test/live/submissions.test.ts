import {
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import t from 'tap'
import {
  createSqsDiagnostics,
  splitBatches,
} from '../../src/adapters/work-queue/sqs-diagnostics.ts'
import { makeQueue } from '../helpers/engines.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { startKinesis } from '../helpers/kinesis.ts'
import { startKinesisFaults } from '../helpers/kinesis-faults.ts'
import { until } from '../helpers/until.ts'
import { encode, SAMPLE, submission } from '../submissions/submissions.ts'

t.test('from one queue to a stream, and what is wrong to another queue', async (t) => {
  const [queue, diagnostics] = [await makeQueue(t), await makeQueue(t)]
  const kinesis = await startKinesis(t)
  const { region, endpoint } = queue
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const { get, metric } = await startFleetgrid(t, {
    FLEETGRID_ROLES: 'pipelines',
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
    SUBMISSION_QUEUE_URL: queue.url,
    SUBMISSION_DIAGNOSTIC_QUEUE_URL: diagnostics.url,
    EVENT_STREAM: 'kinesis',
    EVENT_STREAM_NAME: kinesis.streamName,
  })
  const bad = encode(submission({ device_id: 'not-an-uuid' }))
  const many = Array.from({ length: 1000 }, () => ({ cmdl: '', user: '' }))
  const large = submission({
    submission_id: '81140a44-b06d-421d-bd00-000000000001',
    events: { new_process: many },
  })
  // With its reason no message of a queue can hold it.
  const largest = 'x'.repeat(1_048_576)
  for (const MessageBody of [encode(SAMPLE), bad, JSON.stringify(large), largest, encode(SAMPLE)]) {
    await client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }))
  }
  await until(async () => (await metric(/submissions_total\{outcome="published"/)) >= 1)
  await until(async () => (await kinesis.read()).length === 1007, { withinMs: 90_000 })
  const seqs = (await kinesis.read())
    .map(({ text }) => JSON.parse(text))
    .filter(({ submission_id: id }) => id === large['submission_id'])
    .map(({ seq }) => seq)
  t.strictSame(seqs, [...Array(1000).keys()])
  const rejected = await receive(client, diagnostics.url, 1)
  t.equal(rejected[0]?.Body, bad)
  t.match(rejected[0]?.MessageAttributes, {
    reason: { StringValue: 'device_id is not a UUID' },
    source: { StringValue: 'fleetgrid/submissions' },
    encoding: { StringValue: 'as-received' },
  })
  const letters = await until(async () => {
    const { body } = await get('/dead-letters', 'operator')
    return body.deadLetters.length > 0 ? body.deadLetters : undefined
  })
  t.match(letters, [{ topic: 'fleetgrid/submissions', reason: /not valid UTF-8/ }])
  t.equal(letters.length, 1)
  t.equal(await metric(/submissions_total\{outcome="duplicate"/), 1)
})

t.test('as large as a message may be: hidden for as long as its events take', async (t) => {
  const queue = await makeQueue(t)
  const kinesis = await startKinesis(t)
  // One call that isn't answered for 10 s: longer than half of the 10 s for which it is hidden.
  let calls = 0
  const proxy = await startKinesisFaults({
    target: kinesis.endpoint,
    choose() {
      calls += 1
      return calls === 2 ? 'hang' : undefined
    },
  })
  t.teardown(() => proxy.close())
  const { region, endpoint } = queue
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const { metric } = await startFleetgrid(t, {
    ...{ FLEETGRID_ROLES: 'pipelines', AWS_REGION: region, AWS_ENDPOINT_URL: endpoint },
    ...{ SUBMISSION_QUEUE_URL: queue.url, SQS_VISIBILITY_S: '10' },
    ...{ EVENT_STREAM: 'kinesis', EVENT_STREAM_NAME: kinesis.streamName },
    ...{ AWS_ENDPOINT_URL_KINESIS: proxy.url, DRAIN_TIMEOUT_MS: '1000' },
  })
  const events = Array.from({ length: 32_000 }, () => ({ cmdl: 'ab', user: '' }))
  const MessageBody = encode(submission({ events: { new_process: events } }))
  t.ok(MessageBody.length > 1_000_000 && MessageBody.length <= 1_048_576, `${MessageBody.length}`)
  await client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }))
  const messages = (outcome: string) =>
    metric(new RegExp(`queue_messages_total\\{.*outcome="${outcome}"`))
  await until(async () => (await messages('extended')) >= 2 && proxy.counts.none >= 200, {
    withinMs: 60_000,
    what: 'its first events, and more time for the others',
  })
  t.equal(await messages('received'), 1, 'it came once')
  t.equal(await messages('deleted'), 0, 'and stays until its last event is confirmed')
  const seqs = (await kinesis.read()).map(({ text }) => JSON.parse(text).seq)
  t.ok(seqs.length >= 200)
  t.strictSame(seqs, [...seqs.keys()])
})

t.test('whatever is rejected fits into the diagnostic queue', async (t) => {
  const { url: queueUrl, region, endpoint } = await makeQueue(t)
  const client = new SQSClient({ region, endpoint })
  const diagnostics = createSqsDiagnostics({
    ...{ aws: { region, endpoint }, queueUrl, pollers: 1, inFlightMax: 10 },
    ...{ inFlightMaxBytes: 64_000_000, receiveMax: 10, visibilityMs: 60_000 },
  })
  t.teardown(() => {
    diagnostics.close()
    client.destroy()
  })
  const odd = [Buffer.alloc(0), Buffer.from('a\u0000b'), Buffer.from('ä😀'), Buffer.from('\ufffe')]
  const large = Array.from({ length: 3 }, (_, n) => Buffer.alloc(700_000, `${n}`))
  const letters = [...odd, ...large].map((payload) => ({
    ...{ topic: 'fleetgrid/submissions', payload, receivedAt: 1_700_000_000_000 },
    reason: `it is wrong: \u0000 ${'x'.repeat(5000)}`,
  }))
  t.strictSame(await diagnostics.keep(letters), {
    ...{ accepted: 7, duplicates: [], retry: [], rejected: [] },
  })
  const messages = await receive(client, queueUrl, 7)
  const bodies = messages.map(({ Body = '', MessageAttributes }) =>
    MessageAttributes?.['encoding']?.StringValue === 'base64'
      ? Buffer.from(Body.slice('base64:'.length), 'base64').toString()
      : Body,
  )
  t.same(bodies.sort(), letters.map(({ payload }) => payload.toString()).sort())
  t.same(splitBatches(letters), [[0, 1, 2, 3, 4], [5], [6]])
  await t.rejects(
    createSqsDiagnostics({
      ...{ aws: { region, endpoint }, queueUrl: `${queueUrl}-not-there`, pollers: 1 },
      ...{ inFlightMax: 10, inFlightMaxBytes: 64_000_000, receiveMax: 10, visibilityMs: 60_000 },
    }).keep(letters.slice(0, 1)),
    { kind: 'unavailable', message: /there is no such queue/ },
  )
})

async function receive(client: SQSClient, QueueUrl: string, count: number): Promise<Message[]> {
  const all: Message[] = []
  await until(async () => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
      }),
    )
    all.push(...Messages)
    return all.length >= count
  })
  return all
}
