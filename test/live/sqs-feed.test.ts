import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { createSqsFeed } from '../../src/adapters/telemetry-feed/sqs.ts'
import type { SqsPollerConfig } from '../../src/config/adapters.ts'
import {
  ENVELOPE_FAULTS_TOPIC,
  type FeedMessage,
  type TelemetryFeed,
} from '../../src/ports/telemetry-feed.ts'
import { telemetryFeedContract } from '../contracts/telemetry-feed.ts'
import { makeQueue, type TestQueue } from '../helpers/engines.ts'
import { until } from '../helpers/until.ts'

// An IoT rule is played by the test: it puts the envelope around each message.

const IN_FLIGHT_MAX = 40

function makeFeed({ url, region, endpoint }: TestQueue, visibilityMs: number): TelemetryFeed {
  const config: SqsPollerConfig = {
    aws: { region, endpoint },
    queueUrl: url,
    pollers: 1,
    receiveMax: 10,
    inFlightMax: IN_FLIGHT_MAX,
    inFlightMaxBytes: 64_000_000,
    visibilityMs,
  }
  return createSqsFeed(config, { envelope: 'iot-rule', onEvent: () => undefined, now: Date.now })
}

telemetryFeedContract(t, async (t) => {
  const { url, region, endpoint } = await makeQueue(t)
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  return {
    // The emulator also gives messages to long polls that were broken off: they come again after this.
    open: () => makeFeed({ url, region, endpoint }, 2000),
    async publish(topic, payload) {
      const envelope = { topic, payload: Buffer.from(payload).toString('base64') }
      const MessageBody = JSON.stringify(envelope)
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
    },
    inFlightMax: IN_FLIGHT_MAX,
  }
})

t.test('a body that is no envelope, however bad, is delivered as it is', async (t) => {
  const { url, region, endpoint } = await makeQueue(t)
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const bodies = [
    `{"topic":"dt/cvra/E/cardata","payload":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    '{"topic":"dt/cvra/E/cardata"',
  ]
  const feed = makeFeed({ url, region, endpoint }, 30_000)
  t.teardown(() => feed.close())
  const delivered: FeedMessage[] = []
  await feed.start((message) => {
    delivered.push(message)
    message.acknowledge()
  })
  for (const MessageBody of bodies) {
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
  }
  await until(() => delivered.length === bodies.length, { what: 'both bodies' })
  for (const { topic } of delivered) t.equal(topic, ENVELOPE_FAULTS_TOPIC)
  const texts = delivered.map(({ payload }) => Buffer.from(payload).toString())
  t.ok(
    bodies.every((body) => texts.includes(body)),
    'byte by byte',
  )
})
