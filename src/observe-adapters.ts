import type { Logger } from 'pino'
import type { PortHooks } from './adapters/create-ports.ts'
import type { SqsEvent } from './adapters/sqs/poller.ts'
import type { Clock } from './domain/clock.ts'
import type { Keys } from './http/auth.ts'
import type { Metrics } from './http/metrics.ts'
import { createRateBudget } from './lib/rate-budget.ts'

interface Observers {
  readonly metrics: Metrics
  readonly keys: Keys
  readonly logger: Logger
  readonly clock: Clock
  readonly onWaiting: PortHooks['onWaiting']
}

const MEMBER_LINES = {
  joined: ['info', 'number of this instance at the broker'],
  lost: ['warn', 'number of this instance lost, taken anew'],
  unsure: ['warn', 'the database can’t renew the number of this instance, which goes on with it'],
  sure: ['info', 'the database renews the number of this instance again'],
  drained: ['info', 'sessions that an instance had left are emptied and ended'],
} as const

/** What adapters report becomes metrics and, once and not a thousand times a second, log lines. */
export function observeAdapters(observers: Observers): PortHooks {
  const { metrics, keys, logger, clock, onWaiting } = observers
  const rejections = createRateBudget(10, 10_000, clock.now)
  const failures = createRateBudget(10, 10_000, clock.now)
  return {
    broker: {
      now: clock.now,
      verifyToken: keys.verifyToken,
      onConnections: (count) => metrics.brokerConnections.set(count),
      onPublish: (outcome) => metrics.brokerPublishes.inc({ outcome }),
      onRejected(client, reason) {
        const suppressed = rejections.take()
        if (suppressed === undefined) return
        logger.warn({ client, reason, suppressed }, 'MQTT client rejected')
      },
    },
    mqtt: {
      onConnections: (count) => metrics.feedConnections.set(count),
      onFailed(clientId, reason) {
        metrics.feedFailures.inc({ kind: 'failed' })
        const suppressed = failures.take()
        if (suppressed === undefined) return
        logger.warn({ clientId, reason, suppressed }, 'MQTT connection failed, tried again')
      },
      onReopened(clientId, reason) {
        metrics.feedFailures.inc({ kind: 'reopened' })
        const suppressed = failures.take()
        if (suppressed === undefined) return
        logger.warn({ clientId, reason, suppressed }, 'MQTT connection reopened for its messages')
      },
      onMember(event, number) {
        const [level, text] = MEMBER_LINES[event]
        logger[level]({ number }, text)
      },
    },
    onQueueEvent: (queueUrl, event) => observeQueue(queueUrl, event, metrics, logger),
    onWaiting,
    onLeftBehind: (reason) => logger.warn({ reason }, 'tried again at the next start'),
    onSignalsFailed: (error) => logger.warn({ err: error }, 'signals failed, they come later'),
  }
}

function observeQueue(queueUrl: string, event: SqsEvent, metrics: Metrics, logger: Logger): void {
  const queue = queueUrl.slice(queueUrl.lastIndexOf('/') + 1)
  switch (event.kind) {
    case 'lost':
      metrics.queueMessages.inc({ queue, outcome: 'lost' })
      logger.warn({ queue, ...event }, 'a message could not be kept, it comes again')
      return
    case 'failed': {
      metrics.queueFailures.inc({ queue, operation: event.operation })
      const level = event.needsPerson ? 'error' : 'warn'
      logger[level]({ queue, ...event }, 'queue request failed, will be tried again')
      return
    }
    case 'recovered':
      logger.info({ queue, operation: event.operation }, 'queue requests succeed again')
      return
    default:
      metrics.queueMessages.inc({ queue, outcome: event.kind }, event.count)
  }
}
