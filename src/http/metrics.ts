import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createArchiveMetrics } from './archive-metrics.ts'
import { createOcppMetrics } from './ocpp-metrics.ts'
import { createSubmissionMetrics } from './submission-metrics.ts'

export type Metrics = ReturnType<typeof createMetrics>

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Every metric of the process, made once; each outcome of a message is one of them. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  observeEventLoopDelay(registry)
  return {
    registry,
    ...createMessageMetrics([registry]),
    ...createWriteMetrics([registry]),
    ...createEdgeMetrics([registry]),
    ...createOcppMetrics([registry]),
    ...createSubmissionMetrics([registry]),
    ...createArchiveMetrics([registry]),
  }
}

/** What became of messages. */
function createMessageMetrics(registers: Registry[]) {
  return {
    messages: new Counter({
      name: 'fleetgrid_messages_total',
      help: 'Messages by topic family and outcome: stored, duplicate, ignored, dead-lettered, refused.',
      labelNames: ['topic', 'outcome'] as const,
      registers,
    }),
    repairs: new Counter({
      name: 'fleetgrid_repaired_values_total',
      help: 'Numbers that came as text and were read as numbers, by topic family.',
      labelNames: ['topic'] as const,
      registers,
    }),
    positionFaults: new Counter({
      name: 'fleetgrid_position_faults_total',
      help: 'Telemetry whose position was unusable; the rest of the message was kept.',
      labelNames: ['fault'] as const,
      registers,
    }),
    clockSkew: new Counter({
      name: 'fleetgrid_clock_skew_total',
      help: 'Messages whose send time is further from the receive time than tolerated.',
      labelNames: ['direction'] as const,
      registers,
    }),
    clockSkewSeconds: new Histogram({
      name: 'fleetgrid_clock_skew_seconds',
      help: 'Distance of flagged send times from the receive time.',
      labelNames: ['direction'] as const,
      buckets: [60, 300, 900, 3600, 14_400, 86_400, 604_800, 31_536_000],
      registers,
    }),
    latency: new Histogram({
      name: 'fleetgrid_message_latency_seconds',
      help: 'Until a message could be queried, counted from its send time (vehicle clock) or its receive time.',
      labelNames: ['from'] as const,
      buckets: SECONDS,
      registers,
    }),
  }
}

/** What stands behind them: writes, limits, retention. */
function createWriteMetrics(registers: Registry[]) {
  return {
    batchSize: new Histogram({
      name: 'fleetgrid_write_batch_messages',
      help: 'Messages in one write.',
      labelNames: ['sink'] as const,
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
      registers,
    }),
    writeSeconds: new Histogram({
      name: 'fleetgrid_write_seconds',
      help: 'Duration of one write.',
      labelNames: ['sink'] as const,
      buckets: SECONDS,
      registers,
    }),
    writeRetries: new Counter({
      name: 'fleetgrid_write_retries_total',
      help: 'Items that had to be written again.',
      labelNames: ['sink'] as const,
      registers,
    }),
    queued: new Gauge({
      name: 'fleetgrid_write_queue_messages',
      help: 'Messages that wait for their write.',
      labelNames: ['sink'] as const,
      registers,
    }),
    deadLettersEvicted: new Counter({
      name: 'fleetgrid_dead_letters_dropped_total',
      help: 'Dead letters dropped by age (expired) or because the store was full (evicted).',
      labelNames: ['cause'] as const,
      registers,
    }),
    historyDropped: new Counter({
      name: 'fleetgrid_history_dropped_total',
      help: 'History records dropped after their retention.',
      registers,
    }),
    chargingDropped: new Counter({
      name: 'fleetgrid_charging_dropped_total',
      help: 'Charging data dropped after its retention, by kind.',
      labelNames: ['data'] as const,
      registers,
    }),
    lostTransactions: new Gauge({
      name: 'fleetgrid_charging_lost_transactions',
      help: 'Charging transactions of all instances whose end nobody has told, up to 10,000; brought up to date every 10 minutes.',
      registers,
    }),
    vehicles: new Gauge({
      name: 'fleetgrid_registry_vehicles',
      help: 'Vehicles in the registry in memory, deleted ones included.',
      registers,
    }),
  }
}

/** Who is connected. */
function createEdgeMetrics(registers: Registry[]) {
  return {
    chargingWebhooks: new Counter({
      name: 'fleetgrid_charging_webhooks_total',
      help: 'Attempts to tell the outcome of a command by webhook: delivered, retried later, failed (given up).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    streamClients: new Gauge({
      name: 'fleetgrid_stream_clients',
      help: 'Live streams open now.',
      registers,
    }),
    streamResyncs: new Counter({
      name: 'fleetgrid_stream_resyncs_total',
      help: 'Live streams told to reload because their reader was too slow.',
      registers,
    }),
    brokerConnections: new Gauge({
      name: 'fleetgrid_mqtt_connections',
      help: 'Clients of the embedded broker.',
      registers,
    }),
    brokerPublishes: new Counter({
      name: 'fleetgrid_mqtt_publishes_total',
      help: 'Publishes at the embedded broker: delivered to the feed, relayed to subscribers, dropped because those are slow, or rejected.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    queueMessages: new Counter({
      name: 'fleetgrid_queue_messages_total',
      help: 'Messages of SQS queues: received, deleted, released, extended (kept invisible), lost (they come again).',
      labelNames: ['queue', 'outcome'] as const,
      registers,
    }),
    queueFailures: new Counter({
      name: 'fleetgrid_queue_failures_total',
      help: 'Failed requests to SQS queues, by operation; deliver is a bug of ours with one message.',
      labelNames: ['queue', 'operation'] as const,
      registers,
    }),
    feedConnections: new Gauge({
      name: 'fleetgrid_feed_connections',
      help: 'Connections of the MQTT feed that are up.',
      registers,
    }),
    feedFailures: new Counter({
      name: 'fleetgrid_feed_failures_total',
      help: 'Connections of the MQTT feed that failed, or were reopened so that refused messages come again.',
      labelNames: ['kind'] as const,
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'fleetgrid_http_request_seconds',
      help: 'Duration of requests by route and status.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: SECONDS,
      registers,
    }),
  }
}

const EVENT_LOOP_RESOLUTION_MS = 10

/** Percentiles since the last scrape, so that a short stall shows. */
function observeEventLoopDelay(registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS })
  delay.enable()
  const gauge = new Gauge({
    name: 'fleetgrid_event_loop_delay_seconds',
    help: 'Event-loop delay of the main thread since the last scrape.',
    labelNames: ['quantile'] as const,
    registers: [registry],
    collect() {
      for (const [quantile, percentile] of QUANTILES) {
        // Node reports the distance of two ticks of its sampling timer, not how late one was.
        const lateMs = delay.percentile(percentile) / 1e6 - EVENT_LOOP_RESOLUTION_MS
        gauge.set({ quantile }, Math.max(0, lateMs) / 1000)
      }
      delay.reset()
    },
  })
}

const QUANTILES = [
  ['0.5', 50],
  ['0.99', 99],
  ['1', 100],
] as const
