import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { createSqsFeed } from '../../src/adapters/telemetry-feed/sqs.ts'
import type { SqsPollerConfig } from '../../src/config/adapters.ts'
import { telemetryFeedContract } from '../contracts/telemetry-feed.ts'
import { makeQueue } from '../helpers/engines.ts'

// An IoT rule is played by the test: it puts the envelope around each message.

const IN_FLIGHT_MAX = 40

telemetryFeedContract(t, async (t) => {
  const { url, region, endpoint } = await makeQueue(t)
  const client = new SQSClient({ region, endpoint })
  t.teardown(() => client.destroy())
  const config: SqsPollerConfig = {
    aws: { region, endpoint },
    queueUrl: url,
    pollers: 1,
    inFlightMax: IN_FLIGHT_MAX,
    // The emulator also gives messages to long polls that were broken off: they come again after this.
    visibilityMs: 2000,
  }
  return {
    open: () =>
      createSqsFeed(config, { envelope: 'iot-rule', onEvent: () => undefined, now: Date.now }),
    async publish(topic, payload) {
      const envelope = { topic, payload: Buffer.from(payload).toString('base64') }
      const MessageBody = JSON.stringify(envelope)
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }))
    },
    inFlightMax: IN_FLIGHT_MAX,
  }
})
