import type { SqsPollerConfig } from '../../config/adapters.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'
import { SqsPoller, type SqsPollerOptions } from '../sqs/poller.ts'

/**
 * Work of an SQS queue. A standard queue without a redrive policy: what can't be handled now is given
 * back, however often, and what never can be is for whoever handles it to keep.
 */
export function createSqsWorkQueue(config: SqsPollerConfig, options: SqsPollerOptions): WorkQueue {
  const poller = new SqsPoller(config, options)
  return {
    start: (deliver) => poller.start(deliver),
    stopIntake: () => poller.stopReceiving(),
    close: () => poller.close(),
    describe: () => ({ url: config.queueUrl }),
    problems: () => poller.problems(),
  }
}
