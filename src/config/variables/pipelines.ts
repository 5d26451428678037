import { integer, oneOf, optionalUrl, text } from '../variable.ts'

/** Submissions in, events out. */
export const pipelineVariables = {
  SUBMISSION_QUEUE: oneOf(['auto', 'off', 'embedded', 'sqs'], {
    default: 'auto',
    description:
      'Where submissions come from, beside POST /submissions/replay: a queue in this process, which keeps them in DATA_DIR and takes them from any SQS client of this machine, or an SQS queue. auto is sqs where SUBMISSION_QUEUE_URL is set, and off elsewhere.',
  }),
  SUBMISSION_QUEUE_PORT: integer({
    engine: 'SUBMISSION_QUEUE=embedded',
    default: 9324,
    min: 0,
    max: 65_535,
    description:
      'On 127.0.0.1, without TLS and for any key. 0 picks a free port. The queue is http://127.0.0.1:9324/000000000000/submissions.',
  }),
  SUBMISSION_QUEUE_SIZE_MAX_MB: integer({
    engine: 'SUBMISSION_QUEUE=embedded',
    default: 100,
    min: 1,
    max: 10_000,
    unit: 'MB',
    description:
      'Of the messages in it, which are in memory, too. Beyond it senders are told to come again later (ServiceUnavailable).',
  }),
  SUBMISSION_QUEUE_URL: optionalUrl({
    protocols: ['http', 'https'],
    engine: 'SQS queues',
    description:
      'Queue of submissions, whose events go to the event stream. A standard queue without a redrive policy: what is invalid is kept here with its reason.',
  }),
  SUBMISSION_DIAGNOSTIC_QUEUE_URL: optionalUrl({
    protocols: ['http', 'https'],
    engine: 'SQS queues',
    description:
      'Queue to which submissions that are rejected go, with their bytes and the reason. What no message can hold with it (1 MiB) becomes a dead letter, and so does everything where this is not set (GET /dead-letters).',
  }),
  SUBMISSION_BAD_EVENTS: oneOf(['drop-submission', 'drop-event'], {
    default: 'drop-submission',
    description:
      'What one bad event costs: its whole submission, or only itself. Both end in the diagnostics.',
  }),
  SUBMISSION_DEVICES_MAX: integer({
    default: 10_000,
    min: 10,
    max: 1_000_000,
    unit: 'devices',
    description: 'Of GET /submissions/devices: with, and again without, invalid submissions.',
  }),

  EVENT_STREAM: oneOf(['embedded', 'kinesis'], {
    default: 'embedded',
    description:
      'Where events go: an append-only log in DATA_DIR (npm run events:tail shows it), or an Amazon Kinesis data stream.',
  }),
  VEHICLE_EVENTS: oneOf(['off', 'on'], {
    default: 'off',
    description:
      'Whether messages about vehicles go to the event stream too, with the VIN as key, once they are stored (roles telemetry and fleet-api). They are acknowledged when the stream has them. With EVENT_STREAM=embedded EVENT_STREAM_SIZE_MAX_MB has to hold those of EVENT_STREAM_RETENTION_HOURS: while the log is full their senders wait.',
  }),
  EVENT_STREAM_NAME: text({
    engine: 'EVENT_STREAM=kinesis',
    default: 'events',
    pattern: [/^[\w.-]{1,128}$/, 'must be 1 to 128 letters, digits, and _.-'],
    description: 'Name of the Kinesis stream; it must exist.',
  }),
  EVENT_STREAM_CALLS_MAX: integer({
    default: 4,
    min: 1,
    max: 32,
    unit: 'calls',
    description: 'To the stream at the same time. One that isn’t full goes out only by itself.',
  }),
  EVENT_STREAM_RECORDS_MAX: integer({
    engine: 'EVENT_STREAM=kinesis',
    default: 500,
    min: 1,
    max: 500,
    unit: 'records',
    description: 'Of one PutRecords call.',
  }),
  EVENT_STREAM_CALL_SIZE_MAX_BYTES: integer({
    engine: 'EVENT_STREAM=kinesis',
    default: 5_242_880,
    min: 1_048_576,
    max: 10_485_760,
    unit: 'bytes',
    description:
      'Of one PutRecords call, keys included: 5 MiB are taken everywhere, newer regions take 10.',
  }),
  EVENT_STREAM_RECORD_SIZE_MAX_BYTES: integer({
    engine: 'EVENT_STREAM=kinesis',
    default: 1_048_576,
    min: 1024,
    max: 10_485_760,
    unit: 'bytes',
    description:
      'Of one record, key included: the stream’s MaxRecordSizeInKiB. An event that is larger is rejected.',
  }),
  EVENT_STREAM_SIZE_MAX_MB: integer({
    engine: 'EVENT_STREAM=embedded',
    default: 1000,
    min: 10,
    max: 1_000_000,
    unit: 'MB',
    description: 'Of the log. While it is full nothing is taken, and nothing is lost.',
  }),
  EVENT_STREAM_RETENTION_HOURS: integer({
    engine: 'EVENT_STREAM=embedded',
    default: 24,
    min: 1,
    max: 8760,
    unit: 'hours',
    description: 'Older events are dropped from the log.',
  }),
} as const
