import { integer, oneOf, optionalText, optionalUrl, text } from '../variable.ts'

/** Where fleet documents go. */
export const fleetIndexVariables = {
  FLEET_INDEX: oneOf(['embedded', 'opensearch'], {
    default: 'embedded',
    description: 'Where fleet documents go: SQLite in DATA_DIR, or OpenSearch 2.19 and later.',
  }),
  FLEET_INDEX_SIZE_MAX_MB: integer({
    engine: 'FLEET_INDEX=embedded',
    default: 20_000,
    min: 1,
    max: 10_000_000,
    unit: 'MB',
    description:
      'Of the embedded index. When it is full, messages wait unacknowledged at their senders.',
  }),
  OPENSEARCH_URL: optionalUrl({
    protocols: ['https', 'http'],
    engine: 'FLEET_INDEX=opensearch',
    required: true,
    description: 'The cluster, such as https://search.example.com:9200.',
  }),
  OPENSEARCH_USERNAME: optionalText({
    engine: 'FLEET_INDEX=opensearch',
    description: 'Basic authentication; with OPENSEARCH_PASSWORD.',
  }),
  OPENSEARCH_PASSWORD: optionalText({
    secret: true,
    engine: 'FLEET_INDEX=opensearch',
    description: 'Basic authentication.',
  }),
  OPENSEARCH_CA_FILE: optionalText({
    engine: 'FLEET_INDEX=opensearch',
    description:
      'PEM file of the authority that signed its certificate. Not set: the public ones (NODE_EXTRA_CA_CERTS adds to them).',
  }),
  OPENSEARCH_SIGNING_REGION: optionalText({
    engine: 'FLEET_INDEX=opensearch',
    description:
      'AWS region: sign requests with the AWS credentials of the environment (SigV4), for Amazon OpenSearch Service.',
  }),
  OPENSEARCH_INDEX_PREFIX: text({
    engine: 'FLEET_INDEX=opensearch',
    default: '',
    pattern: [/^([a-z0-9][a-z0-9_-]{0,99})?$/, 'must be lower-case letters, digits, _ and -'],
    description: 'Before the name of every index, so that several systems can share a cluster.',
  }),
  OPENSEARCH_SHARDS: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 1,
    min: 1,
    max: 100,
    unit: 'shards',
    description:
      'Of the indices of vehicles, devices and a day’s cardata, one for about every million vehicles or 30 GB of a day. The other histories have one. A node holds 1,000, copies included.',
  }),
  OPENSEARCH_REPLICAS: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 1,
    min: 0,
    max: 10,
    unit: 'copies',
    description: 'Of each shard, on other nodes. 0 on a single node.',
  }),
  OPENSEARCH_REFRESH_INTERVAL_MS: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 1000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    description:
      'Until what is written is found by queries; in histories a second, unless this is longer.',
  }),
  OPENSEARCH_REQUEST_TIMEOUT_MS: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 30_000,
    min: 1000,
    max: 300_000,
    unit: 'ms',
    description: 'After it a request counts as failed: writes are tried again, queries answer 503.',
  }),
  OPENSEARCH_BULK_SIZE_MAX_BYTES: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 8_000_000,
    min: 100_000,
    max: 90_000_000,
    unit: 'bytes',
    description: 'Larger bulk requests are split.',
  }),
  OPENSEARCH_BULK_CONCURRENCY: integer({
    engine: 'FLEET_INDEX=opensearch',
    default: 3,
    min: 1,
    max: 32,
    unit: 'requests',
    description: 'Writes under way at the same time.',
  }),
} as const
