import { join } from 'node:path'
import type {
  AwsConfig,
  DatabaseConfig,
  FleetIndexConfig,
  ObjectStoreConfig,
  OpenSearchFleetIndexConfig,
  PostgresDatabaseConfig,
  SqsPollerConfig,
  SqsPollerLimits,
  TelemetryFeedConfig,
} from './adapters.ts'
import { type Env, variables } from './env.ts'
import { isLoopback } from './is-loopback.ts'
import { findQueueProblems, QUEUES, usedQueues } from './queues.ts'
import type { Variable } from './variable.ts'

const DAY_MS = 86_400_000
const MB = 1_000_000

// From the environment to the settings of the chosen adapters. What they need and didn't get is
// reported by findEngineProblems, so the rest may take it for granted.

export function createFeedConfig(env: Env): TelemetryFeedConfig {
  switch (env.TELEMETRY_FEED) {
    case 'embedded':
      return createEmbeddedFeedConfig(env)
    case 'sqs':
      return { adapter: 'sqs', ...createPollerConfig(env, given(env.TELEMETRY_QUEUE_URL)) }
    case 'mqtt':
      return {
        adapter: 'mqtt',
        client: mqttClientOf(env),
        url: given(env.MQTT_URL),
        clientIdPrefix: env.MQTT_CLIENT_ID_PREFIX,
        shareName: env.MQTT_SUBSCRIPTION === 'shared' ? env.MQTT_SHARE_NAME : undefined,
        connections: env.MQTT_CONNECTIONS,
        unacknowledgedMax: env.MQTT_UNACKNOWLEDGED_MAX,
        sessionExpirySeconds: env.MQTT_SESSION_EXPIRY_S,
        keepAliveSeconds: env.MQTT_KEEP_ALIVE_S,
        caFile: env.MQTT_CA_FILE,
        certificateFile: env.MQTT_CERTIFICATE_FILE,
        keyFile: env.MQTT_KEY_FILE,
        username: env.MQTT_USERNAME,
        password: env.MQTT_PASSWORD,
        signingRegion: env.MQTT_SIGNING_REGION,
        platformEvents: env.MQTT_PLATFORM_EVENTS === 'on',
      }
  }
}

function createEmbeddedFeedConfig(env: Env): TelemetryFeedConfig {
  const onLoopback = isLoopback(env.MQTT_HOST)
  const automatic = onLoopback ? 'all' : 'none'
  return {
    adapter: 'embedded',
    host: env.MQTT_HOST,
    port: env.MQTT_PORT,
    anonymous: env.MQTT_ANONYMOUS === 'auto' ? automatic : env.MQTT_ANONYMOUS,
    connectionsMax: env.MQTT_CONNECTIONS_MAX,
  }
}

export function createQueueConfig(env: Env, url: string | undefined): SqsPollerConfig | undefined {
  return url === undefined ? undefined : createPollerConfig(env, url)
}

export function createPollerConfig(env: Env, queueUrl: string): SqsPollerConfig {
  return { aws: createAwsConfig(env), queueUrl, ...createPollerLimits(env) }
}

export function createPollerLimits(env: Env): SqsPollerLimits {
  return {
    pollers: env.SQS_POLLERS,
    receiveMax: env.SQS_RECEIVE_MAX,
    inFlightMax: env.SQS_IN_FLIGHT_MAX,
    inFlightMaxBytes: env.SQS_IN_FLIGHT_MAX_MB * MB,
    visibilityMs: env.SQS_VISIBILITY_S * 1000,
  }
}

export function createAwsConfig(env: Env): AwsConfig {
  return { region: given(env.AWS_REGION), endpoint: env.AWS_ENDPOINT_URL }
}

export function createFleetIndexConfig(env: Env, dataDir: string): FleetIndexConfig {
  if (env.FLEET_INDEX === 'embedded') {
    const sizeMaxBytes = env.FLEET_INDEX_SIZE_MAX_MB * MB
    return { adapter: 'embedded', dataDir, sizeMaxBytes }
  }
  return createOpenSearchConfig(env)
}

export function createOpenSearchConfig(env: Env): OpenSearchFleetIndexConfig {
  return {
    adapter: 'opensearch',
    url: given(env.OPENSEARCH_URL),
    username: env.OPENSEARCH_USERNAME,
    password: env.OPENSEARCH_PASSWORD,
    caFile: env.OPENSEARCH_CA_FILE,
    signingRegion: env.OPENSEARCH_SIGNING_REGION,
    indexPrefix: env.OPENSEARCH_INDEX_PREFIX,
    shards: env.OPENSEARCH_SHARDS,
    replicas: env.OPENSEARCH_REPLICAS,
    refreshIntervalMs: env.OPENSEARCH_REFRESH_INTERVAL_MS,
    requestTimeoutMs: env.OPENSEARCH_REQUEST_TIMEOUT_MS,
    bulkSizeMaxBytes: env.OPENSEARCH_BULK_SIZE_MAX_BYTES,
    bulkConcurrency: env.OPENSEARCH_BULK_CONCURRENCY,
    historyRetentionMs: env.HISTORY_RETENTION_DAYS * DAY_MS,
    vehiclesMax: env.VEHICLES_MAX,
  }
}

export function createDatabaseConfig(env: Env, dataDir: string): DatabaseConfig {
  return env.DATABASE === 'embedded' ? { adapter: 'embedded', dataDir } : createPostgresConfig(env)
}

export function createPostgresConfig(env: Env): PostgresDatabaseConfig {
  return {
    adapter: 'postgres',
    url: given(env.DATABASE_URL),
    poolMax: env.DATABASE_POOL_MAX,
    tls: env.DATABASE_TLS,
    caFile: env.DATABASE_CA_FILE,
    connectTimeoutMs: env.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: env.DATABASE_STATEMENT_TIMEOUT_MS,
  }
}

export function createObjectStoreConfig(env: Env, dataDir: string): ObjectStoreConfig {
  if (env.OBJECT_STORE === 'embedded')
    return { adapter: 'embedded', folder: join(dataDir, 'objects') }
  return {
    adapter: 's3',
    aws: createAwsConfig(env),
    bucket: given(env.S3_BUCKET),
    keyPrefix: env.S3_KEY_PREFIX,
  }
}

/** What the chosen engines need and didn't get, and settings that contradict each other. */
export function findEngineProblems(env: Env): string[] {
  const problems: string[] = []
  const values: Readonly<Record<string, unknown>> = env
  for (const [name, { engine, required }] of Object.entries<Variable<unknown>>(variables)) {
    if (!required || values[name] !== undefined) continue
    const [chooser = '', choice] = engine?.split('=') ?? []
    if (values[chooser] === choice) problems.push(`${name} is needed with ${engine}`)
  }
  return [
    ...problems,
    ...findMqttProblems(env),
    ...findAwsProblems(env),
    ...findPairs(env),
    ...findTlsProblems(env),
    ...findOpenSearchProblems(env),
  ]
}

/** AWS IoT Core by its own SDK; any other broker by the client that costs less. */
function mqttClientOf({ MQTT_CLIENT, MQTT_URL }: Env): 'aws-sdk' | 'direct' {
  if (MQTT_CLIENT !== 'auto') return MQTT_CLIENT
  const { protocol, hostname } = new URL(given(MQTT_URL))
  return protocol === 'wss:' || /\.amazonaws\.com(\.cn)?$/.test(hostname) ? 'aws-sdk' : 'direct'
}

function findMqttProblems(env: Env): string[] {
  if (env.TELEMETRY_FEED !== 'mqtt' || env.MQTT_URL === undefined) return []
  const problems: string[] = []
  const { protocol } = new URL(env.MQTT_URL)
  const { username, password } = new URL(env.MQTT_URL)
  if (username !== '' || password !== '') {
    problems.push(
      'MQTT_URL holds a user or password: they belong into MQTT_USERNAME, MQTT_PASSWORD',
    )
  }
  if (env.MQTT_SIGNING_REGION !== undefined && protocol !== 'wss:') {
    problems.push('MQTT_SIGNING_REGION needs MQTT_URL=wss://…: only a WebSocket can be signed')
  }
  if (env.MQTT_CLIENT === 'direct' && protocol === 'wss:') {
    problems.push('MQTT_CLIENT=direct has no WebSocket: wss:// needs MQTT_CLIENT=aws-sdk, or auto')
  }
  if (env.MQTT_SUBSCRIPTION === 'plain' && env.MQTT_CONNECTIONS !== 1) {
    problems.push(
      'MQTT_SUBSCRIPTION=plain needs MQTT_CONNECTIONS=1: each connection would get every message',
    )
  }
  const inFlight = env.MQTT_CONNECTIONS * env.MQTT_UNACKNOWLEDGED_MAX
  if (inFlight > env.WRITE_QUEUE_MAX) {
    problems.push(
      `MQTT_CONNECTIONS × MQTT_UNACKNOWLEDGED_MAX (${inFlight}) must not exceed WRITE_QUEUE_MAX (${env.WRITE_QUEUE_MAX})`,
    )
  }
  return problems
}

function findAwsProblems(env: Env): string[] {
  const users = [
    ...(env.OBJECT_STORE === 's3' ? ['OBJECT_STORE=s3'] : []),
    ...(env.EVENT_STREAM === 'kinesis' ? ['EVENT_STREAM=kinesis'] : []),
    ...(env.ARCHIVE === 'firehose' ? ['ARCHIVE=firehose'] : []),
    ...usedQueues(env),
  ]
  const problems: string[] = []
  if (users.length > 0 && env.AWS_REGION === undefined) {
    problems.push(`AWS_REGION is needed with ${users.join(', ')}`)
  }
  return [...problems, ...findQueueProblems(env), ...findSecretsInUrls(env)]
}

/** These URLs are logged and shown; what is wrong with one is said without it. */
function findSecretsInUrls(env: Env): string[] {
  return [...QUEUES, 'AWS_ENDPOINT_URL' as const, 'AWS_ENDPOINT_URL_KINESIS' as const].flatMap(
    (name) => {
      const url = env[name]
      if (url === undefined) return []
      const { username, password } = new URL(url)
      if (username === '' && password === '') return []
      return `${name} must not hold a user name or password: give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`
    },
  )
}

/** A file that nobody would look at must not seem to protect. */
function findTlsProblems(env: Env): string[] {
  if (env.DATABASE_CA_FILE === undefined || env.DATABASE_TLS === 'verify') return []
  return ['DATABASE_CA_FILE needs DATABASE_TLS=verify: otherwise no certificate is checked']
}

function findOpenSearchProblems(env: Env): string[] {
  if (env.OPENSEARCH_USERNAME === undefined || env.OPENSEARCH_SIGNING_REGION === undefined)
    return []
  return ['OPENSEARCH_USERNAME and OPENSEARCH_SIGNING_REGION exclude each other: choose one']
}

const PAIRS = [
  ['MQTT_CERTIFICATE_FILE', 'MQTT_KEY_FILE'],
  ['OPENSEARCH_USERNAME', 'OPENSEARCH_PASSWORD'],
] as const

function findPairs(env: Env): string[] {
  return PAIRS.filter(
    ([one, other]) => (env[one] === undefined) !== (env[other] === undefined),
  ).map(([one, other]) => `${one} and ${other} must be set together`)
}

/** Already reported by findEngineProblems where it is missing. */
function given(value: string | undefined): string {
  return value ?? ''
}
