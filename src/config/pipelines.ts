import type { EventStreamConfig, SqsPollerConfig } from './adapters.ts'
import { createAwsConfig, createQueueConfig } from './engines.ts'
import type { Env } from './env.ts'

const MB = 1_000_000
const HOUR_MS = 3_600_000
const REQUEST_TIMEOUT_MS = 10_000

export interface PipelinesConfig {
  /** undefined: submissions come over HTTP only. */
  readonly submissionQueue: SqsPollerConfig | undefined
  /** undefined: what is rejected is a dead letter. */
  readonly diagnosticQueue: SqsPollerConfig | undefined
  readonly badEvents: 'drop-submission' | 'drop-event'
  readonly devicesMax: number
  readonly callsMax: number
  readonly eventStream: EventStreamConfig
  readonly firehose: { readonly accessKey: string | undefined; readonly objectPrefix: string }
}

export function createPipelinesConfig(env: Env, dataDir: string): PipelinesConfig {
  return {
    submissionQueue: createQueueConfig(env, env.SUBMISSION_QUEUE_URL),
    diagnosticQueue: createQueueConfig(env, env.SUBMISSION_DIAGNOSTIC_QUEUE_URL),
    badEvents: env.SUBMISSION_BAD_EVENTS,
    devicesMax: env.SUBMISSION_DEVICES_MAX,
    callsMax: env.EVENT_STREAM_CALLS_MAX,
    eventStream: createEventStreamConfig(env, dataDir),
    firehose: { accessKey: env.FIREHOSE_ACCESS_KEY, objectPrefix: env.FIREHOSE_PREFIX },
  }
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

export function findPipelineProblems({ FIREHOSE_ACCESS_KEY: key }: Env): string[] {
  const { min, max } = ACCESS_KEY_LENGTH
  if (key === undefined || (key.length >= min && key.length <= max)) return []
  return [`FIREHOSE_ACCESS_KEY=… must have ${min} to ${max} characters`]
}
