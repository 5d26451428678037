import { integer, listOf, oneOf, optionalText, optionalUrl, text } from '../variable.ts'

export const ROLES = ['fleet-api', 'telemetry', 'charging', 'pipelines'] as const
export type Role = (typeof ROLES)[number]

/** The process, its HTTP server and who may use it. */
export const serviceVariables = {
  FLEETGRID_ROLES: listOf(ROLES, {
    default: ROLES.join(','),
    description:
      'What this process does. One image can be several services; charging alone needs neither the fleet index nor the object store.',
  }),
  DATA_DIR: text({
    default: './data',
    description:
      'Folder of the embedded adapters and of the development keys. One process at a time; instances that share engines each have their own.',
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
    default: 15_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    description:
      'After SIGTERM: time for work in flight. Closing may take 10 s more: keep both below the container’s stop time-out.',
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
} as const
