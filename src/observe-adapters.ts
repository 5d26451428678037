import type { Logger } from 'pino'
import type { PortHooks } from './adapters/create-ports.ts'
import type { SqsEvent } from './adapters/sqs/sqs-event.ts'
import type { Clock } from './domain/clock.ts'
import type { Keys } from './http/auth.ts'
import type { Metrics } from './http/metrics.ts'
import { type LimitedLine, limitLines } from './lib/limited-lines.ts'
import { observeCsv } from './observe-csv.ts'

interface Observers {
  readonly metrics: Metrics
  readonly keys: Keys
  readonly logger: Logger
  readonly clock: Clock
  readonly onWaiting: PortHooks['onWaiting']
}

/** Of a line: MQTT takes topics of 64 KB. */
const TOPIC_LENGTH_MAX = 200

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
  const warn = limitLines((about, text) => logger.warn(about, text))
  // Of its own: anybody can be rejected for any number of reasons.
  const warnOfClient = limitLines((about, text) => logger.warn(about, text))
  const warnOfTopic = limitLines((about, text) => logger.warn(about, text))
  return {
    broker: {
      now: clock.now,
      verifyToken: keys.verifyToken,
      onConnections: (count) => metrics.brokerConnections.set(count),
      onPublish: (outcome) => metrics.brokerPublishes.inc({ outcome }),
      onRejected: (client, reason) =>
        warnOfClient(reason, { client, reason }, 'MQTT client rejected'),
      onUnread(given) {
        const topic = given.slice(0, TOPIC_LENGTH_MAX)
        warnOfTopic(topic, { topic }, 'nothing reads this topic: relayed to subscribers, not kept')
      },
    },
    mqtt: {
      onConnections: (count) => metrics.feedConnections.set(count),
      onFailed(clientId, reason) {
        metrics.feedFailures.inc({ kind: 'failed' })
        warn(`failed ${reason}`, { clientId, reason }, 'MQTT connection failed, tried again')
      },
      onReopened(clientId, reason) {
        metrics.feedFailures.inc({ kind: 'reopened' })
        const text = 'MQTT connection reopened for its messages'
        warn(`reopened ${reason}`, { clientId, reason }, text)
      },
      onMember(event, number) {
        const [level, text] = MEMBER_LINES[event]
        logger[level]({ number }, text)
      },
    },
    onQueueEvent: (queueUrl, event) => observeQueue(queueUrl, event, { metrics, logger, warn }),
    archive: {
      onDelivered({ key, bytes }) {
        metrics.archiveObjects.inc({ outcome: 'delivered' })
        metrics.archiveBytes.inc(bytes)
        logger.debug({ key, bytes }, 'archive delivered')
      },
      onCsv: observeCsv(metrics, logger),
      onFailed(reason, attempt) {
        metrics.archiveObjects.inc({ outcome: 'failed' })
        logger.warn({ reason, attempt }, 'archive not delivered, will be tried again')
      },
      onDamaged(segment) {
        metrics.archiveObjects.inc({ outcome: 'damaged' })
        logger.error(
          segment,
          'an archive segment is damaged: what is whole is delivered, it is kept',
        )
      },
    },
    onWaiting,
    onLeftBehind: (reason) => logger.warn({ reason }, 'tried again at the next start'),
    onSignalsFailed: (error) => logger.warn({ err: error }, 'signals failed, they come later'),
  }
}

function observeQueue(
  queueUrl: string,
  event: SqsEvent,
  { metrics, logger, warn }: Pick<Observers, 'metrics' | 'logger'> & { readonly warn: LimitedLine },
): void {
  const queue = queueUrl.slice(queueUrl.lastIndexOf('/') + 1)
  switch (event.kind) {
    case 'lost':
      metrics.queueMessages.inc({ queue, outcome: 'lost' })
      warn(`lost ${queue}`, { queue, ...event }, 'a message could not be kept, it comes again')
      return
    case 'failed':
      metrics.queueFailures.inc({ queue, operation: event.operation })
      // The poller backs off, so these are few.
      logger[event.needsPerson ? 'error' : 'warn'](
        { queue, ...event },
        'queue request failed, will be tried again',
      )
      return
    case 'recovered':
      logger.info({ queue, operation: event.operation }, 'queue requests succeed again')
      return
    default:
      metrics.queueMessages.inc({ queue, outcome: event.kind }, event.count)
  }
}
