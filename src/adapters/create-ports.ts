import { join } from 'node:path'
import type {
  DatabaseConfig,
  EventStreamConfig,
  FleetIndexConfig,
  ObjectStoreConfig,
  SqsPollerConfig,
  WorkQueueConfig,
} from '../config/adapters.ts'
import type { Config } from '../config/config.ts'
import type { Archive } from '../ports/archive.ts'
import type { DeadLetters } from '../ports/dead-letters.ts'
import type { EventStream } from '../ports/event-stream.ts'
import type { FirehoseRequests } from '../ports/firehose-requests.ts'
import type { FleetIndex } from '../ports/fleet-index.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Leases } from '../ports/leases.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Signals } from '../ports/signals.ts'
import {
  ANOMALY_RECORDS_TOPIC,
  RULE_ERRORS_TOPIC,
  type TelemetryFeed,
} from '../ports/telemetry-feed.ts'
import type { WorkQueue } from '../ports/work-queue.ts'
import { createEmbeddedArchive, type EmbeddedArchiveOptions } from './archive/embedded.ts'
import { createFirehoseArchive } from './archive/firehose.ts'
import { type ChargingStores, createChargingStores } from './charging/create-charging-stores.ts'
import type { Database } from './database/database.ts'
import { createEmbeddedDatabase } from './database/embedded.ts'
import { createPostgresDatabase } from './database/postgres.ts'
import { createStoredDeadLetters } from './dead-letters/stored.ts'
import { createEmbeddedStream } from './event-stream/embedded.ts'
import { createKinesisStream } from './event-stream/kinesis.ts'
import { createFirehoseRequests } from './firehose-requests/stored.ts'
import { createEmbeddedFleetIndex } from './fleet-index/embedded.ts'
import { createOpenSearchFleetIndex } from './fleet-index/opensearch.ts'
import { createEmbeddedJobs } from './jobs/embedded.ts'
import { createStoredLeases } from './leases/stored.ts'
import { createFolderObjectStore } from './object-store/folder.ts'
import { createS3ObjectStore } from './object-store/s3.ts'
import { createEmbeddedSignals } from './signals/embedded.ts'
import { createPostgresSignals } from './signals/postgres.ts'
import type { SqsEvent } from './sqs/sqs-event.ts'
import {
  createEmbeddedFeed,
  type EmbeddedFeed,
  type EmbeddedFeedOptions,
} from './telemetry-feed/embedded.ts'
import { createMqttFeed, type MqttFeedOptions } from './telemetry-feed/mqtt.ts'
import { createSqsFeed } from './telemetry-feed/sqs.ts'
import { createEmbeddedWorkQueue } from './work-queue/embedded.ts'
import { createSqsWorkQueue } from './work-queue/sqs.ts'
import { createSqsDiagnostics, type Diagnostics } from './work-queue/sqs-diagnostics.ts'

/** Everything that Fleetgrid needs from outside. */
export interface Ports {
  readonly telemetryFeed: TelemetryFeed
  /** Takes MQTT clients from the HTTP server's port; the embedded broker only. */
  readonly acceptMqttStream: EmbeddedFeed['acceptStream'] | undefined
  /** Feeds beside it: anomalies, rule errors. */
  readonly queues: readonly TelemetryFeed[]
  readonly fleetIndex: FleetIndex
  readonly database: Pick<Database, 'open' | 'close' | 'check'>
  readonly signals: Signals
  readonly leases: Leases
  readonly objectStore: ObjectStore
  readonly deadLetters: DeadLetters
  readonly charging: ChargingStores
  readonly eventStream: EventStream
  readonly firehoseRequests: FirehoseRequests
  /** Undefined: nothing is archived. */
  readonly archive: Archive | undefined
  /** Undefined: submissions come over HTTP only. */
  readonly submissionQueue: WorkQueue | undefined
  /** Undefined: what is rejected is a dead letter. */
  readonly diagnostics: Diagnostics | undefined
  readonly jobs: Jobs
}

/** What adapters report; none of it may throw. */
export interface PortHooks {
  readonly broker: Omit<EmbeddedFeedOptions, 'host' | 'port' | 'anonymous' | 'connectionsMax'>
  readonly mqtt: Pick<MqttFeedOptions, 'onConnections' | 'onFailed' | 'onReopened' | 'onMember'>
  readonly onQueueEvent: (queueUrl: string, event: SqsEvent) => void
  readonly archive: Omit<EmbeddedArchiveOptions, 'objectStore'>
  /** An engine isn't there yet while this process starts. */
  readonly onWaiting: (reason: string) => void
  readonly onLeftBehind: (reason: string) => void
  readonly onSignalsFailed: (error: unknown) => void
}

export interface PortOptions {
  /** Of this process: unique, also among its restarts. */
  readonly instance: string
  readonly now: () => number
  readonly hooks: PortHooks
}

/** The only place that knows which adapter stands behind a port. Does no I/O. */
export function createPorts(config: Config, options: PortOptions): Ports {
  const { instance, now } = options
  const database = createDatabase(config.database)
  const objectStore = createObjectStore(config.objectStore)
  const isAlone = config.database.adapter === 'embedded'
  const leases = createStoredLeases({ database, instance, isAlone })
  return {
    ...createFeed(config, leases, options),
    queues: [
      ...createQueue(config.anomalyQueue, ANOMALY_RECORDS_TOPIC, options),
      ...createQueue(config.ruleErrorQueue, RULE_ERRORS_TOPIC, options),
    ],
    fleetIndex: createFleetIndex(config.fleetIndex, options),
    database,
    signals: createSignals(config.database, database, options),
    leases,
    objectStore,
    deadLetters: createStoredDeadLetters({
      ...{ database, objectStore, instance, now },
      sizeMaxBytes: config.deadLetters.sizeMaxBytes,
    }),
    charging: createChargingStores({
      ...{ database, now },
      transactionLostAfterMs: config.chargingData.transactionLostAfterMs,
    }),
    ...createPipelinePorts(config, options),
    archive: createArchive(config, objectStore, options),
    firehoseRequests: createFirehoseRequests(database),
    jobs: createEmbeddedJobs({ folder: join(config.dataDir, 'jobs') }),
  }
}

function createFeed(
  { telemetryFeed: config }: Config,
  leases: Leases,
  { now, hooks }: PortOptions,
): Pick<Ports, 'telemetryFeed' | 'acceptMqttStream'> {
  switch (config.adapter) {
    case 'embedded': {
      const feed = createEmbeddedFeed({ ...config, ...hooks.broker })
      return { telemetryFeed: feed, acceptMqttStream: feed.acceptStream.bind(feed) }
    }
    case 'mqtt': {
      const feed = createMqttFeed(config, { leases, now, ...hooks.mqtt })
      return { telemetryFeed: feed, acceptMqttStream: undefined }
    }
    case 'sqs': {
      const onEvent = (event: SqsEvent) => hooks.onQueueEvent(config.queueUrl, event)
      const feed = createSqsFeed(config, { envelope: 'iot-rule', now, onEvent })
      return { telemetryFeed: feed, acceptMqttStream: undefined }
    }
  }
}

function createQueue(
  config: SqsPollerConfig | undefined,
  topic: string,
  { now, hooks }: PortOptions,
): TelemetryFeed[] {
  if (config === undefined) return []
  const onEvent = (event: SqsEvent) => hooks.onQueueEvent(config.queueUrl, event)
  return [createSqsFeed(config, { envelope: { topic }, now, onEvent })]
}

function createPipelinePorts(
  { pipelines: { submissionQueue, diagnosticQueue, eventStream } }: Config,
  options: PortOptions,
): Pick<Ports, 'eventStream' | 'submissionQueue' | 'diagnostics'> {
  return {
    eventStream: createEventStream(eventStream, options.now),
    submissionQueue: submissionQueue && createWorkQueue(submissionQueue, options),
    diagnostics: diagnosticQueue && createSqsDiagnostics(diagnosticQueue),
  }
}

function createWorkQueue(config: WorkQueueConfig, { now, hooks }: PortOptions): WorkQueue {
  const onEvent = (event: SqsEvent) => hooks.onQueueEvent(queue.describe().url, event)
  const queue =
    config.adapter === 'embedded'
      ? createEmbeddedWorkQueue(config, { now, onEvent })
      : createSqsWorkQueue(config, { now, onEvent })
  return queue
}

function createArchive(
  { archive: config }: Config,
  objectStore: ObjectStore,
  { hooks }: PortOptions,
): Archive | undefined {
  if (config === undefined) return undefined
  return config.adapter === 'firehose'
    ? createFirehoseArchive(config)
    : createEmbeddedArchive(config, { objectStore, ...hooks.archive })
}

function createEventStream(config: EventStreamConfig, now: () => number): EventStream {
  return config.adapter === 'embedded'
    ? createEmbeddedStream(config, now)
    : createKinesisStream(config)
}

function createFleetIndex(
  config: FleetIndexConfig,
  { instance, now, hooks }: PortOptions,
): FleetIndex {
  return config.adapter === 'embedded'
    ? createEmbeddedFleetIndex(config)
    : createOpenSearchFleetIndex(config, { ...hooks, instance, now })
}

function createDatabase(config: DatabaseConfig): Database {
  return config.adapter === 'embedded'
    ? createEmbeddedDatabase(config)
    : createPostgresDatabase(config)
}

function createSignals(
  config: DatabaseConfig,
  database: Database,
  { hooks }: PortOptions,
): Signals {
  const onDeliveryFailed = (_channel: string, error: unknown) => hooks.onSignalsFailed(error)
  if (config.adapter === 'embedded') return createEmbeddedSignals({ onDeliveryFailed })
  return createPostgresSignals({
    ...{ config, database, onDeliveryFailed },
    onDisconnected: hooks.onSignalsFailed,
    onReconnected: () => undefined,
  })
}

function createObjectStore(config: ObjectStoreConfig): ObjectStore {
  return config.adapter === 'embedded'
    ? createFolderObjectStore(config)
    : createS3ObjectStore(config)
}
