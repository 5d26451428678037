import { join } from 'node:path'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import t from 'tap'
import { AWS_EMULATOR_ENV, startAws } from '../engines/aws.ts'
import { startOpenSearch } from '../engines/opensearch.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createFaultFleet, type FaultFleet } from '../helpers/fault-fleet.ts'
import { productionEnv, verifyFleet } from '../helpers/production.ts'
import { createService } from '../helpers/service.ts'
import { startSqsProxy } from '../helpers/sqs-proxy.ts'
import { until } from '../helpers/until.ts'

// Vehicles' messages come through a queue that fails in mid-run. Every message is counted.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const BATCH = 10

t.comment(`seed ${SEED}`)
const folder = engineFolder(t)
const opensearch = await startOpenSearch({ folder: join(folder, 'opensearch') })
const aws = await startAws({ folder: join(folder, 'aws') })
t.teardown(async () => {
  await aws.stop()
  await opensearch.stop()
})
Object.assign(process.env, AWS_EMULATOR_ENV)
const sqs = new SQSClient({ region: AWS_EMULATOR_ENV.AWS_REGION, endpoint: aws.url })

t.test('receiving, deleting, the process fail in turn', { timeout: 300_000 }, async (t) => {
  const proxy = await startSqsProxy(t, aws.url)
  await sqs.send(new CreateQueueCommand({ QueueName: 'telemetry' }))
  const QueueUrl = `${aws.url}/000000000000/telemetry`
  const engines = { opensearchUrl: opensearch.url, brokerUrl: '', prefix: 'sqs-' }
  const fleet = createFaultFleet({ seed: SEED, vehicles: 50, messages: 4000, unusableEvery: 200 })
  const { MQTT_URL: _, ...env } = productionEnv(engines)
  const service = await createService(t, {
    ...env,
    ...AWS_EMULATOR_ENV,
    DATA_DIR: engineFolder(t),
    TELEMETRY_FEED: 'sqs',
    TELEMETRY_QUEUE_URL: QueueUrl,
    AWS_ENDPOINT_URL: proxy.endpoint,
    SQS_VISIBILITY_S: '10',
  })
  await service.start()
  const parts = Array.from({ length: 4 }, (_, part) =>
    fleet.messages.filter((_, index) => index % 4 === part),
  )
  await sendAll(QueueUrl, parts[0] ?? [])
  proxy.fail('ReceiveMessage', 'error')
  await sendAll(QueueUrl, parts[1] ?? [])
  const received = () => proxy.counts.get('ReceiveMessage') ?? 0
  const before = received()
  await until(() => received() > before + 4, { withinMs: 60_000, what: 'receiving fails' })
  proxy.fail('ReceiveMessage', 'reset')
  await until(() => received() > before + 8, { withinMs: 90_000, what: 'it is cut off' })
  proxy.fail('ReceiveMessage', undefined)
  // What was stored but couldn't be deleted comes again, and must not count twice.
  proxy.fail('DeleteMessageBatch', 'error')
  await sendAll(QueueUrl, parts[2] ?? [])
  await until(() => (proxy.counts.get('DeleteMessageBatch') ?? 0) > 8, { withinMs: 60_000 })
  await service.kill('SIGKILL')
  proxy.fail('DeleteMessageBatch', undefined)
  await service.start()
  await sendAll(QueueUrl, parts[3] ?? [])
  await verifyFleet(t, engines, fleet, { services: [service], withinMs: 90_000 })
  await until(async () => (await countMessages(QueueUrl)) === 0, {
    withinMs: 60_000,
    what: 'an empty queue',
  })
  t.pass('the queue is empty')
  t.equal(await service.kill('SIGTERM'), 0)
})

/** As an IoT rule does: topic and payload, base64 or JSON. */
async function sendAll(QueueUrl: string, messages: FaultFleet['messages']): Promise<void> {
  for (let from = 0; from < messages.length; from += BATCH) {
    const Entries = messages.slice(from, from + BATCH).map(({ topic, payload }, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify({ topic, payload: payload.toString('base64') }),
    }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  }
}

async function countMessages(QueueUrl: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
  )
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
}
