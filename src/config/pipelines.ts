import { join } from 'node:path'
import type { CsvConfig, EventStreamConfig, SqsPollerConfig, WorkQueueConfig } from './adapters.ts'
import { createCsvConfig } from './archive.ts'
import {
  createAwsConfig,
  createPollerConfig,
  createPollerLimits,
  createQueueConfig,
} from './engines.ts'
import type { Env } from './env.ts'
import { isSubmissionQueueIdle } from './queues.ts'

const MB = 1_000_000
const HOUR_MS = 3_600_000
const REQUEST_TIMEOUT_MS = 10_000

export interface PipelinesConfig {
  /** undefined: submissions come over HTTP only. */
  readonly submissionQueue: WorkQueueConfig | undefined
  /** undefined: what is rejected is a dead letter. */
  readonly diagnosticQueue: SqsPollerConfig | undefined
  readonly badEvents: 'drop-submission' | 'drop-event'
  readonly devicesMax: number
  readonly callsMax: number
  /** Messages about vehicles are published, too. */
  readonly vehicleEvents: boolean
  readonly eventStream: EventStreamConfig
  readonly firehose: {
    readonly accessKey: string | undefined
    readonly objectPrefix: string
    /** undefined: no CSV beside the raw objects. */
    readonly csv: CsvConfig | undefined
  }
}

export function createPipelinesConfig(env: Env, dataDir: string): PipelinesConfig {
  return {
    submissionQueue: createSubmissionQueueConfig(env, dataDir),
    diagnosticQueue: createQueueConfig(env, env.SUBMISSION_DIAGNOSTIC_QUEUE_URL),
    badEvents: env.SUBMISSION_BAD_EVENTS,
    devicesMax: env.SUBMISSION_DEVICES_MAX,
    callsMax: env.EVENT_STREAM_CALLS_MAX,
    vehicleEvents: env.VEHICLE_EVENTS === 'on',
    eventStream: createEventStreamConfig(env, dataDir),
    firehose: {
      accessKey: env.FIREHOSE_ACCESS_KEY,
      objectPrefix: env.FIREHOSE_PREFIX,
      csv: createCsvConfig(env, env.FIREHOSE_CSV_COLUMNS),
    },
  }
}

function createSubmissionQueueConfig(env: Env, dataDir: string): WorkQueueConfig | undefined {
  const { SUBMISSION_QUEUE: choice, SUBMISSION_QUEUE_URL: url } = env
  if (choice === 'embedded') {
    return {
      ...{ adapter: 'embedded', folder: join(dataDir, 'queue'), port: env.SUBMISSION_QUEUE_PORT },
      sizeMaxBytes: env.SUBMISSION_QUEUE_SIZE_MAX_MB * MB,
      ...createPollerLimits(env),
    }
  }
  if (isSubmissionQueueIdle(env) || url === undefined) return undefined
  return { adapter: 'sqs', ...createPollerConfig(env, url) }
}

function createEventStreamConfig(env: Env, dataDir: string): EventStreamConfig {
  if (env.EVENT_STREAM === 'embedded') {
    return {
      ...{ adapter: 'embedded', dataDir },
      sizeMaxBytes: env.EVENT_STREAM_SIZE_MAX_MB * MB,
      retentionMs: env.EVENT_STREAM_RETENTION_HOURS * HOUR_MS,
    }
  }
  return {
    adapter: 'kinesis',
    aws: {
      ...createAwsConfig(env),
      endpoint: env.AWS_ENDPOINT_URL_KINESIS ?? env.AWS_ENDPOINT_URL,
    },
    streamName: env.EVENT_STREAM_NAME,
    limits: {
      recordsMax: env.EVENT_STREAM_RECORDS_MAX,
      bytesMax: env.EVENT_STREAM_CALL_SIZE_MAX_BYTES,
      recordBytesMax: env.EVENT_STREAM_RECORD_SIZE_MAX_BYTES,
    },
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  }
}

const ACCESS_KEY_LENGTH = { min: 16, max: 4096 }

export function findPipelineProblems(env: Env): string[] {
  const { FIREHOSE_ACCESS_KEY: key } = env
  const { min, max } = ACCESS_KEY_LENGTH
  const problems: string[] = []
  if (env.SUBMISSION_QUEUE === 'sqs' && env.SUBMISSION_QUEUE_URL === undefined) {
    problems.push('SUBMISSION_QUEUE_URL is needed with SUBMISSION_QUEUE=sqs')
  }
  if (key !== undefined && (key.length < min || key.length > max)) {
    problems.push(`FIREHOSE_ACCESS_KEY=… must have ${min} to ${max} characters`)
  }
  return problems
}
