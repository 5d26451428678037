import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type {
  ArchiveConfig,
  DatabaseConfig,
  FleetIndexConfig,
  ObjectStoreConfig,
  SqsPollerConfig,
  TelemetryFeedConfig,
} from './adapters.ts'
import { createArchiveConfig, findArchiveProblems } from './archive.ts'
import { type ChargingConfig, createChargingConfig, findChargingProblems } from './charging.ts'
import { type ChargingDataConfig, createChargingDataConfig } from './charging-data.ts'
import {
  createDatabaseConfig,
  createFeedConfig,
  createFleetIndexConfig,
  createObjectStoreConfig,
  createQueueConfig,
  findEngineProblems,
} from './engines.ts'
import { ConfigurationError, type Env, parseEnv, type Role } from './env.ts'
import { createPipelinesConfig, findPipelineProblems, type PipelinesConfig } from './pipelines.ts'

const DAY_MS = 86_400_000
const MB = 1_000_000

/** What the process needs to know, in typed sections. Times in ms, sizes in bytes. */
export interface Config {
  readonly roles: ReadonlySet<Role>
  readonly dataDir: string
  readonly drainTimeoutMs: number
  readonly log: { readonly level: string; readonly format: 'json' | 'pretty' }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly rateLimitPerSecond: number
    readonly trustedProxies: readonly string[]
    readonly corsOrigins: readonly string[]
  }
  readonly auth: AuthConfig
  readonly telemetryFeed: TelemetryFeedConfig
  /** Read beside the feed; undefined: not at all. */
  readonly anomalyQueue: SqsPollerConfig | undefined
  readonly ruleErrorQueue: SqsPollerConfig | undefined
  readonly telemetry: {
    readonly messageSizeMaxBytes: number
    /** Infinity where the feed holds a message as long as it takes. */
    readonly acknowledgeDeadlineMs: number
    readonly clockSkewToleranceMs: number
    /** undefined: no detection. */
    readonly oilTemperatureLimitF: number | undefined
    readonly vehiclesMax: number
    readonly devicesMax: number
    readonly writeBatchMax: number
    readonly writeQueueMax: number
  }
  readonly fleetIndex: FleetIndexConfig
  readonly charging: ChargingConfig
  readonly chargingData: ChargingDataConfig
  readonly pipelines: PipelinesConfig
  /** undefined: nothing is archived. */
  readonly archive: ArchiveConfig | undefined
  readonly database: DatabaseConfig
  readonly objectStore: ObjectStoreConfig
  readonly deadLetters: { readonly sizeMaxBytes: number }
  readonly retention: {
    readonly historyRetentionMs: number
    readonly deadLetterRetentionMs: number
  }
  readonly queries: { readonly clustersMax: number }
  readonly stream: { readonly clientsMax: number; readonly intervalMs: number }
}

/** Tokens are checked by a key set at a URL, or by the key pair in the data folder. */
export type AuthConfig = (
  | { readonly provider: 'jwks'; readonly jwksUrl: string }
  | { readonly provider: 'local-keys'; readonly keyDir: string }
) & { readonly issuer: string | undefined; readonly audience: string | undefined }

/**
 * From the environment of this process, or another.
 * @throws ConfigurationError with all that is wrong, of each variable and of several together
 */
export function readConfig(source?: Record<string, string | undefined>): {
  readonly env: Env
  readonly config: Config
} {
  const { env, faults } = parseEnv(source)
  // What names a variable that is wrong by itself may only follow from that.
  const others = findProblems(env).filter(
    (problem) => !problem.split(/\W+/).some((word) => faults.has(word)),
  )
  const problems = [...faults.values(), ...others]
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { env, config: createConfig(env) }
}

/** @throws ConfigurationError for what only shows when variables are seen together */
export function createConfig(env: Env): Config {
  const dataDir = resolve(env.DATA_DIR)
  const problems = findProblems(env)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return {
    roles: new Set(env.FLEETGRID_ROLES),
    dataDir,
    drainTimeoutMs: env.DRAIN_TIMEOUT_MS,
    log: { level: env.LOG_LEVEL, format: env.LOG_FORMAT },
    http: {
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      rateLimitPerSecond: env.HTTP_RATE_LIMIT_PER_SECOND,
      trustedProxies: splitList(env.HTTP_TRUSTED_PROXIES),
      corsOrigins: splitList(env.HTTP_CORS_ORIGINS),
    },
    auth: createAuthConfig(env, dataDir),
    telemetryFeed: createFeedConfig(env),
    anomalyQueue: createQueueConfig(env, env.ANOMALY_QUEUE_URL),
    ruleErrorQueue: createQueueConfig(env, env.RULE_ERROR_QUEUE_URL),
    telemetry: {
      messageSizeMaxBytes: env.MESSAGE_SIZE_MAX_BYTES,
      acknowledgeDeadlineMs:
        env.TELEMETRY_FEED === 'embedded' ? env.ACKNOWLEDGE_DEADLINE_MS : Number.POSITIVE_INFINITY,
      clockSkewToleranceMs: env.CLOCK_SKEW_TOLERANCE_MS,
      oilTemperatureLimitF: env.OIL_TEMPERATURE_LIMIT_F || undefined,
      vehiclesMax: env.VEHICLES_MAX,
      devicesMax: env.DEVICES_MAX,
      writeBatchMax: env.WRITE_BATCH_MAX,
      writeQueueMax: env.WRITE_QUEUE_MAX,
    },
    fleetIndex: createFleetIndexConfig(env, dataDir),
    charging: createChargingConfig(env, dataDir),
    chargingData: createChargingDataConfig(env),
    pipelines: createPipelinesConfig(env, dataDir),
    archive: createArchiveConfig(env, dataDir),
    database: createDatabaseConfig(env, dataDir),
    objectStore: createObjectStoreConfig(env, dataDir),
    deadLetters: { sizeMaxBytes: env.DEAD_LETTER_SIZE_MAX_MB * MB },
    retention: {
      historyRetentionMs: env.HISTORY_RETENTION_DAYS * DAY_MS,
      deadLetterRetentionMs: env.DEAD_LETTER_RETENTION_DAYS * DAY_MS,
    },
    queries: { clustersMax: env.CLUSTERS_MAX },
    stream: { clientsMax: env.STREAM_CLIENTS_MAX, intervalMs: env.STREAM_INTERVAL_MS },
  }
}

function findProblems(env: Env): string[] {
  return [
    ...findAuthProblems(env),
    ...findListProblems(env),
    ...findEngineProblems(env),
    ...findChargingProblems(env),
    ...findPipelineProblems(env),
    ...findArchiveProblems(env),
  ]
}

function findAuthProblems(env: Env): string[] {
  if (env.JWT_JWKS_URL === undefined || env.JWT_ISSUER !== undefined) return []
  return ['JWT_ISSUER is needed with JWT_JWKS_URL: without it any token of that key set passes']
}

function createAuthConfig(env: Env, dataDir: string): AuthConfig {
  const checks = { issuer: env.JWT_ISSUER, audience: env.JWT_AUDIENCE }
  return env.JWT_JWKS_URL === undefined
    ? { provider: 'local-keys', keyDir: resolve(dataDir, 'keys'), ...checks }
    : { provider: 'jwks', jwksUrl: env.JWT_JWKS_URL, ...checks }
}

function splitList(text: string | undefined): string[] {
  return text?.split(',').map((part) => part.trim()) ?? []
}

function findListProblems(env: Env): string[] {
  const problems: string[] = []
  for (const proxy of splitList(env.HTTP_TRUSTED_PROXIES)) {
    const [address = '', bits = '0'] = proxy.split('/')
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits)) {
      problems.push(
        `HTTP_TRUSTED_PROXIES has ${proxy}, which is no address or network (10.0.0.0/8)`,
      )
    }
  }
  for (const origin of splitList(env.HTTP_CORS_ORIGINS)) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
      problems.push(`HTTP_CORS_ORIGINS has ${origin}, which is no origin (https://example.com)`)
    }
  }
  return problems
}
