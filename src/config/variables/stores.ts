import { integer, oneOf, optionalText, optionalUrl, text } from '../variable.ts'

/** Operational data and objects. */
export const storeVariables = {
  DATABASE: oneOf(['embedded', 'postgres'], {
    default: 'embedded',
    description:
      'Operational data (dead letters, leases): SQLite in DATA_DIR, or PostgreSQL 13 and later. Instances that work together need PostgreSQL.',
  }),
  DATABASE_URL: optionalUrl({
    protocols: ['postgres', 'postgresql'],
    engine: 'DATABASE=postgres',
    required: true,
    description: 'postgres://user:password@host:5432/name; TLS is set by DATABASE_TLS, not here.',
  }),
  DATABASE_POOL_MAX: integer({
    engine: 'DATABASE=postgres',
    default: 10,
    min: 2,
    max: 500,
    unit: 'connections',
    description: 'Of this instance.',
  }),
  DATABASE_TLS: oneOf(['off', 'require', 'verify'], {
    engine: 'DATABASE=postgres',
    default: 'off',
    description:
      'require encrypts; verify also checks the server’s certificate, against DATABASE_CA_FILE or the public authorities.',
  }),
  DATABASE_CA_FILE: optionalText({
    engine: 'DATABASE=postgres',
    description:
      'PEM file of the authority that signed the server’s certificate; with DATABASE_TLS=verify.',
  }),
  DATABASE_CONNECT_TIMEOUT_MS: integer({
    engine: 'DATABASE=postgres',
    default: 5000,
    min: 100,
    max: 120_000,
    unit: 'ms',
    description: 'For a connection, and for a free one of the pool.',
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: integer({
    engine: 'DATABASE=postgres',
    default: 15_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    description: 'For one statement.',
  }),

  OBJECT_STORE: oneOf(['embedded', 's3'], {
    default: 'embedded',
    description:
      'Where dead letters’ payloads go: files in DATA_DIR/objects, or S3. Instances that work together need S3.',
  }),
  S3_BUCKET: optionalText({
    engine: 'OBJECT_STORE=s3',
    required: true,
    description: 'The bucket; it must exist.',
  }),
  S3_KEY_PREFIX: text({
    engine: 'OBJECT_STORE=s3',
    default: '',
    pattern: [/^([\w.-]+\/)*$/, 'must be empty or end with /, such as fleetgrid/'],
    description: 'Before every key.',
  }),

  AWS_REGION: optionalText({
    engine: 'SQS, S3, Kinesis',
    description: 'Region of the queues, buckets and streams.',
  }),
  AWS_ENDPOINT_URL: optionalUrl({
    engine: 'SQS, S3, Kinesis',
    description: 'Instead of AWS’s own addresses: an emulator, such as http://127.0.0.1:4566.',
  }),
  AWS_ENDPOINT_URL_KINESIS: optionalUrl({
    engine: 'EVENT_STREAM=kinesis',
    description: 'For Kinesis alone, before AWS_ENDPOINT_URL; such as http://127.0.0.1:4568.',
  }),
} as const
