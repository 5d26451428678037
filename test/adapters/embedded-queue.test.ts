import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import t, { type Test } from 'tap'
import { createEmbeddedWorkQueue } from '../../src/adapters/work-queue/embedded.ts'
import type { EmbeddedWorkQueueConfig } from '../../src/config/adapters.ts'
import type { QueueMessage } from '../../src/ports/work-queue.ts'
import { until } from '../helpers/until.ts'

// The queue of the data folder, by its clients: whoever sends, and the poller that takes.

const KEYS = { accessKeyId: 'any', secretAccessKey: 'any' }

async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-queue-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function makeQueue(t: Test, changes: Partial<EmbeddedWorkQueueConfig> & { folder: string }) {
  const config: EmbeddedWorkQueueConfig = {
    ...{ adapter: 'embedded', port: 0, sizeMaxBytes: 100_000_000 },
    ...{ pollers: 1, receiveMax: 10, inFlightMax: 1000 },
    ...{ inFlightMaxBytes: 64_000_000, visibilityMs: 1000 },
    ...changes,
  }
  const queue = createEmbeddedWorkQueue(config, { onEvent: () => undefined, now: Date.now })
  t.teardown(() => queue.close())
  return queue
}

async function startQueue(
  t: Test,
  changes: Partial<EmbeddedWorkQueueConfig> & { folder: string },
  deliver: (message: QueueMessage) => void,
) {
  const queue = makeQueue(t, changes)
  await queue.start(deliver)
  const { url } = queue.describe()
  return { queue, url, client: makeClient(t, url) }
}

function makeClient(t: Test, url: string, region = 'eu-west-1'): SQSClient {
  const endpoint = new URL(url).origin
  const client = new SQSClient({ region, endpoint, credentials: KEYS, maxAttempts: 1 })
  t.teardown(() => client.destroy())
  return client
}

t.test('what any client sends is delivered, and deleted for good', async (t) => {
  const folder = await makeFolder(t)
  const bodies: string[] = []
  const first = await startQueue(t, { folder }, (message) => {
    bodies.push(message.body)
    message.delete()
  })
  const { client, url: QueueUrl } = first
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one ü' }))
  const Entries = ['two', 'three'].map((MessageBody) => ({ Id: MessageBody, MessageBody }))
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  await until(() => bodies.length === 3)
  await first.queue.close()
  const again = await startQueue(t, { folder }, ({ body }) => bodies.push(body))
  await again.client.send(new SendMessageCommand({ QueueUrl: again.url, MessageBody: 'four' }))
  await until(() => bodies.length === 4)
  t.same(bodies.sort(), ['four', 'one ü', 'three', 'two'])
})

t.test('what was out when it stopped comes again', async (t) => {
  const folder = await makeFolder(t)
  let out = 0
  const { queue, client, url } = await startQueue(t, { folder }, () => {
    out += 1
  })
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'kept' }))
  await until(() => out === 1)
  await queue.stopIntake()
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'not received' }))
  await queue.close()
  const bodies: string[] = []
  await startQueue(t, { folder }, ({ body }) => bodies.push(body))
  await until(() => bodies.length === 2)
  t.same(bodies.sort(), ['kept', 'not received'])
})

t.test('nobody else reaches it', async (t) => {
  const { url } = await startQueue(t, { folder: await makeFolder(t) }, () => undefined)
  // Also of this machine; a server on all addresses has this one, too.
  const socket = connect(Number(new URL(url).port), '127.0.0.2')
  const answer = await once(socket, 'connect').catch((error: Error) => error)
  socket.destroy()
  t.match(answer, { syscall: 'connect' })
})

t.test('no request of a client loses what is in it', async (t) => {
  const received: string[] = []
  const { queue, client, url } = await startQueue(
    t,
    { folder: await makeFolder(t) },
    ({ body, release }) => {
      received.push(body)
      release()
    },
  )
  await queue.stopIntake()
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'kept' }))
  const other = makeClient(t, url, 'us-west-2')
  const asked = [
    () => client.send(new CreateQueueCommand({ QueueName: 'submissions' })),
    () => other.send(new CreateQueueCommand({ QueueName: 'submissions' })),
    () => client.send(new PurgeQueueCommand({ QueueUrl: url })),
    () => client.send(new DeleteQueueCommand({ QueueUrl: url })),
  ]
  for (const ask of asked) await t.rejects(ask, { name: 'UnsupportedOperation' })
  for (const [method, path] of [
    ['GET', '/'],
    ['PUT', '/bucket'],
    ['PUT', '/bucket/key'],
    ['DELETE', '/submissions'],
    ['GET', '/_fauxqs/queues/submissions'],
    ['OPTIONS', '/'],
  ] as const) {
    t.equal((await fetch(new URL(path, url), { method })).status, 400, `${method} ${path}`)
  }
  const receive = async () => {
    const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 5 })
    return (await client.send(command)).Messages?.[0]
  }
  const message = await receive()
  t.equal(message?.Body, 'kept')
  const { ReceiptHandle } = message ?? {}
  const giveBack = { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }
  await client.send(new ChangeMessageVisibilityCommand(giveBack))
  const again = await receive()
  t.equal(again?.Body, 'kept', 'given back at once')
  for (const VisibilityTimeout of ['0', null, 0.0001, 'x']) {
    const answer = await fetch(new URL('/', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ChangeMessageVisibility',
      },
      body: JSON.stringify({ ...giveBack, ...again, VisibilityTimeout }),
    })
    t.equal(answer.status, 400, `${VisibilityTimeout}`)
  }
  await client.send(
    new ChangeMessageVisibilityCommand({ ...giveBack, ReceiptHandle: again?.ReceiptHandle }),
  )
  t.equal((await receive())?.Body, 'kept', 'and still there')
})

t.test('a full queue takes nothing until there is room', async (t) => {
  const messages: QueueMessage[] = []
  const { client, url } = await startQueue(
    t,
    { folder: await makeFolder(t), sizeMaxBytes: 500_000, visibilityMs: 30_000 },
    (message) => messages.push(message),
  )
  const MessageBody = 'x'.repeat(100_000)
  const send = () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
  let sent = 0
  await t.rejects(
    async () => {
      for (; sent < 100; sent += 1) await send()
    },
    {
      name: 'ServiceUnavailable',
      message: /full \(SUBMISSION_QUEUE_SIZE_MAX_MB\)/,
      $metadata: { httpStatusCode: 503 },
    },
  )
  t.ok(sent >= 3 && sent <= 6, `${sent} sent`)
  await until(() => messages.length === sent)
  for (const message of messages) message.delete()
  await until(() =>
    send().then(
      () => true,
      () => false,
    ),
  )
  await until(() => messages.length > sent)
})

t.test('closed while it starts', async (t) => {
  const folder = await makeFolder(t)
  const queue = makeQueue(t, { folder })
  const starting = queue.start(() => t.fail('nothing is delivered'))
  await Promise.all([t.rejects(starting), queue.close()])
  await startQueue(t, { folder }, () => undefined)
})

t.test('a port that is taken is named', async (t) => {
  const { url } = await startQueue(t, { folder: await makeFolder(t) }, () => undefined)
  const port = Number(new URL(url).port)
  const second = makeQueue(t, { folder: await makeFolder(t), port })
  await t.rejects(
    second.start(() => undefined),
    {
      message: `The embedded queue can't start on SUBMISSION_QUEUE_PORT=${port}: the port is taken: stop what listens there or set SUBMISSION_QUEUE_PORT`,
    },
  )
})

t.test('a file that is damaged is named, and what to do', async (t) => {
  const folder = await makeFolder(t)
  const file = join(folder, 'fauxqs.db')
  await writeFile(file, 'no database'.repeat(1000))
  await t.rejects(
    makeQueue(t, { folder }).start(() => undefined),
    {
      message: `The embedded queue can't open ${file}: it is not a database; restore a backup or move it away (SQLITE_NOTADB): file is not a database`,
    },
  )
})

t.test('a disk that takes nothing is a reason to come again, and recovers', async (t) => {
  const folder = await makeFolder(t)
  const bodies: string[] = []
  const { queue, client, url } = await startQueue(t, { folder }, ({ body }) => bodies.push(body))
  const file = new DatabaseSync(join(folder, 'fauxqs.db'))
  t.teardown(() => file.close())
  // What a full disk does to each write; nobody can fill one for a test.
  for (const change of ['INSERT', 'UPDATE']) {
    file.exec(`CREATE TRIGGER full_${change} BEFORE ${change} ON sqs_messages
      BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`)
  }
  const send = () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }))
  await t.rejects(send, {
    ...{ name: 'ServiceUnavailable', message: /database or disk is full.*later/ },
    $metadata: { httpStatusCode: 503 },
  })
  file.exec('DROP TRIGGER full_INSERT')
  await send()
  const problems = await until(() => queue.problems().length > 0 && queue.problems())
  t.match(problems, [/^embedded queue http:.* does not answer as it should/])
  file.exec('DROP TRIGGER full_UPDATE')
  await until(() => bodies.length > 0)
})

t.test('requests that SQS refuses are the sender’s fault', async (t) => {
  const { client, url } = await startQueue(t, { folder: await makeFolder(t) }, () => undefined)
  for (const body of ['{', '', 'null', '7', '"text"']) {
    const answer = await fetch(new URL('/', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.SendMessage',
      },
      body,
    })
    t.equal(answer.status, 400, body)
    t.match(await answer.json(), { __type: 'com.amazonaws.sqs#SerializationException' })
  }
  const message = { QueueUrl: url, MessageBody: 'x' }
  for (const DelaySeconds of [901, -1, 0.5]) {
    const error = { name: 'InvalidParameterValue', message: /DelaySeconds must be .* to 900/ }
    await t.rejects(() => client.send(new SendMessageCommand({ ...message, DelaySeconds })), error)
    const Entries = [{ Id: '1', MessageBody: 'x', DelaySeconds }]
    const batch = new SendMessageBatchCommand({ QueueUrl: url, Entries })
    await t.rejects(() => client.send(batch), error)
  }
  await client.send(new SendMessageCommand({ ...message, DelaySeconds: 900 }))
})
