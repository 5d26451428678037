import type { SqsPollerConfig } from '../../config/adapters.ts'
import {
  ENVELOPE_FAULTS_TOPIC,
  type FeedMessage,
  type TelemetryFeed,
} from '../../ports/telemetry-feed.ts'
import type { QueueMessage } from '../../ports/work-queue.ts'
import { SqsPoller, type SqsPollerOptions } from '../sqs/poller.ts'
import { type Enveloped, openRuleEnvelope } from './rule-envelope.ts'

export interface SqsFeedOptions extends SqsPollerOptions {
  /**
   * `iot-rule`: each body is a message in the envelope of an IoT rule (rule-envelope.ts). A topic:
   * each body is, as it is, the payload of a message on this topic.
   */
  readonly envelope: 'iot-rule' | { readonly topic: string }
}

/**
 * Messages of an SQS queue. A body that should be an envelope and isn't one is delivered too, on
 * ENVELOPE_FAULTS_TOPIC: it ends as a dead letter instead of going round for ever.
 *
 * The queue: standard, not FIFO (order is decided by versions); no redrive policy, because a message
 * that can't be stored now is given back, however often, while one that never can be is kept as a
 * dead letter here; retention of some days, which is how long an outage may last.
 */
export function createSqsFeed(config: SqsPollerConfig, options: SqsFeedOptions): TelemetryFeed {
  const poller = new SqsPoller(config, options)
  const { envelope } = options
  const open =
    envelope === 'iot-rule'
      ? openEnvelope
      : (body: string): Enveloped => ({ topic: envelope.topic, payload: Buffer.from(body) })
  return {
    start: (deliver) => poller.start((message) => deliver(toFeedMessage(open, message))),
    stopIntake: () => poller.stopReceiving(),
    close: () => poller.close(),
    describe: () => ({ urls: [config.queueUrl] }),
    problems: () => poller.problems(),
  }
}

function openEnvelope(body: string): Enveloped {
  return openRuleEnvelope(body) ?? { topic: ENVELOPE_FAULTS_TOPIC, payload: Buffer.from(body) }
}

function toFeedMessage(open: (body: string) => Enveloped, message: QueueMessage): FeedMessage {
  const { topic, payload } = open(message.body)
  return {
    topic,
    payload,
    receivedAt: message.sentAt,
    acknowledge: message.delete,
    refuse: message.release,
  }
}
