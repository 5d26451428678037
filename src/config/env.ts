import {
  integer,
  listOf,
  oneOf,
  optionalText,
  optionalUrl,
  text,
  type Variable,
} from './variable.ts'

export const ROLES = ['fleet-api', 'telemetry'] as const
export type Role = (typeof ROLES)[number]

/** Every environment variable that Fleetgrid reads. docs/configuration.md is made from this. */
export const variables = {
  FLEETGRID_ROLES: listOf(ROLES, {
    default: ROLES.join(','),
    description: 'What this process does. One image can be several services.',
  }),
  DATA_DIR: text({
    default: './data',
    description:
      'Folder of the embedded adapters and of the development keys. One process at a time.',
  }),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], {
    default: 'info',
    description: 'ERROR means that a person must act; payloads appear at trace only.',
  }),
  LOG_FORMAT: oneOf(['json', 'pretty'], {
    default: 'json',
    description: 'pretty is for people at a terminal.',
  }),
  DRAIN_TIMEOUT_MS: integer({
    default: 25_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    description:
      'After SIGTERM: time for work in flight. Keep it below the container’s stop time-out.',
  }),

  HTTP_HOST: text({
    default: '127.0.0.1',
    description: 'Address of the HTTP server; 0.0.0.0 in a container.',
  }),
  HTTP_PORT: integer({ default: 8080, min: 0, max: 65_535, description: '0 picks a free port.' }),
  HTTP_RATE_LIMIT_PER_SECOND: integer({
    default: 200,
    min: 0,
    max: 1_000_000,
    unit: 'requests/s',
    description: 'Per caller; beyond it 429. 0 switches the limit off.',
  }),
  HTTP_TRUSTED_PROXIES: optionalText({
    description:
      'Addresses or networks, separated by commas, whose X-Forwarded-* headers are believed.',
  }),
  HTTP_CORS_ORIGINS: optionalText({
    description:
      'Origins of web pages, separated by commas, that may call the API from a browser; * for all. Not set: none but the page’s own.',
  }),
  JWT_JWKS_URL: optionalUrl({
    description:
      'Key set of the token issuer, for Cognito https://cognito-idp.{region}.amazonaws.com/{pool}/.well-known/jwks.json. Without it tokens are checked with the key pair in DATA_DIR/keys, created at first start.',
  }),
  JWT_ISSUER: optionalText({ description: 'Required value of the claim iss.' }),
  JWT_AUDIENCE: optionalText({
    description:
      'Required value of the claim aud, or of client_id as Cognito’s access tokens have it.',
  }),

  TELEMETRY_FEED: oneOf(['embedded'], {
    default: 'embedded',
    description:
      'Where vehicle messages come from. embedded is an MQTT 3.1.1 broker in this process.',
  }),
  MQTT_HOST: text({
    default: '127.0.0.1',
    description:
      'Address of the embedded broker. It has no TLS: put one in front before opening it.',
  }),
  MQTT_PORT: integer({ default: 1883, min: 0, max: 65_535, description: '0 picks a free port.' }),
  MQTT_ANONYMOUS: oneOf(['auto', 'all', 'telemetry', 'none'], {
    default: 'auto',
    description:
      'What clients without a token may publish: all topics, dt/cvra/# only, or nothing. auto is all on a loopback address and none elsewhere.',
  }),
  MQTT_CONNECTIONS_MAX: integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    description: 'Of the embedded broker; more are closed at once.',
  }),
  MESSAGE_SIZE_MAX_BYTES: integer({
    default: 65_536,
    min: 1024,
    max: 131_072,
    unit: 'bytes',
    description:
      'A larger message becomes a dead letter; a packet beyond 262144 bytes ends its connection. AWS IoT Core takes 131072 at most.',
  }),
  ACKNOWLEDGE_DEADLINE_MS: integer({
    default: 30_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    description: 'A message that is not durable by then is refused; its sender tries again.',
  }),
  CLOCK_SKEW_TOLERANCE_MS: integer({
    default: 60_000,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    description: 'Send times further than this from the receive time are flagged and counted.',
  }),
  OIL_TEMPERATURE_LIMIT_F: integer({
    default: 280,
    min: 0,
    max: 10_000,
    unit: '°F',
    description:
      'Above it the anomaly OilTemp is raised, with the degrees above 250 °F as its score. 0 switches detection off.',
  }),

  VEHICLES_MAX: integer({
    default: 1_000_000,
    min: 1,
    max: 100_000_000,
    unit: 'vehicles',
    description: 'Most vehicles; messages of further ones become dead letters.',
  }),

  DEVICES_MAX: integer({
    default: 4_000_000,
    min: 1,
    max: 400_000_000,
    unit: 'devices',
    description: 'Most devices and components; messages about further ones become dead letters.',
  }),

  FLEET_INDEX: oneOf(['embedded'], {
    default: 'embedded',
    description: 'Where fleet documents go. embedded is SQLite in DATA_DIR.',
  }),
  FLEET_INDEX_SIZE_MAX_MB: integer({
    default: 20_000,
    min: 1,
    max: 10_000_000,
    unit: 'MB',
    description:
      'Of the embedded index. When it is full, messages wait unacknowledged at their senders.',
  }),
  WRITE_BATCH_MAX: integer({
    default: 2000,
    min: 1,
    max: 100_000,
    unit: 'messages',
    description: 'Most messages in one write to the fleet index.',
  }),
  WRITE_QUEUE_MAX: integer({
    default: 20_000,
    min: 1,
    max: 1_000_000,
    unit: 'messages',
    description: 'Most messages that wait for a write; more are refused.',
  }),
  HISTORY_RETENTION_DAYS: integer({
    default: 30,
    min: 1,
    max: 36_500,
    unit: 'days',
    description: 'Older days of cardata, trip, dtc, event and anomaly are dropped.',
  }),
  DEAD_LETTER_RETENTION_DAYS: integer({
    default: 30,
    min: 1,
    max: 36_500,
    unit: 'days',
    description: 'Older dead letters are dropped.',
  }),
  DEAD_LETTER_SIZE_MAX_MB: integer({
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: 'MB',
    description: 'Beyond it the oldest dead letters are dropped, counted and logged as an error.',
  }),

  CLUSTERS_MAX: integer({
    default: 2500,
    min: 1,
    max: 10_000,
    unit: 'clusters',
    description: 'Of one aggregate answer; the tile precision is lowered until they fit.',
  }),
  STREAM_CLIENTS_MAX: integer({
    default: 500,
    min: 0,
    max: 100_000,
    unit: 'connections',
    description: 'Live streams open at once; more get 503.',
  }),
  STREAM_INTERVAL_MS: integer({
    default: 500,
    min: 10,
    max: 60_000,
    unit: 'ms',
    description: 'How long changes of a vehicle are gathered before a live stream sends them.',
  }),
} as const satisfies Record<string, Variable<unknown>>

export type Env = { [K in keyof typeof variables]: ReturnType<(typeof variables)[K]['parse']> }

/** All that is wrong with the environment, in one list for a person. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} error(s):\n  - ${problems.join('\n  - ')}`)
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** @throws ConfigurationError with every problem at once */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    const written = source[name]?.trim()
    const value = written === undefined || written === '' ? variable.default : written
    if (value === undefined) continue
    try {
      values[name] = variable.parse(value)
    } catch (error) {
      problems.push(`${name}=${JSON.stringify(value)} ${(error as Error).message}`)
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return values as Env
}
