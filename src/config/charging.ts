import { resolve } from 'node:path'
import type { Env } from './env.ts'
import { isLoopback } from './is-loopback.ts'

const MB = 1_000_000

export interface ChargingConfig {
  /** Settings of charge points that nobody has registered; undefined: they are refused. */
  readonly selfRegistration:
    | {
        readonly registration: 'accepted' | 'pending'
        readonly securityProfileMin: 0
        readonly leniency: readonly string[]
      }
    | undefined
  readonly heartbeatIntervalSeconds: number
  readonly keySecret: { readonly secret: string } | { readonly file: string }
  readonly vendorIds: ReadonlySet<string>
  readonly webhooks: { readonly hosts: ReadonlySet<string>; readonly secret: string | undefined }
  readonly ocpp: {
    readonly callTimeoutMs: number
    readonly pingIntervalMs: number
    readonly pongTimeoutMs: number
    readonly frameSizeMaxBytes: number
    readonly framesPerSecondMax: number
    readonly wireLogMaxBytes: number
  }
}

const SECRET_LENGTH_MIN = 32

export function createChargingConfig(env: Env, dataDir: string): ChargingConfig {
  const secret = env.CHARGE_POINT_KEY_SECRET
  const registration = selfRegistrationOf(env)
  return {
    selfRegistration:
      registration === 'off' ? undefined : { registration, securityProfileMin: 0, leniency: [] },
    heartbeatIntervalSeconds: env.OCPP_HEARTBEAT_INTERVAL_S,
    keySecret:
      secret === undefined
        ? { file: resolve(dataDir, 'keys', 'charge-point-key-secret') }
        : { secret },
    vendorIds: splitList(env.OCPP_VENDOR_IDS),
    webhooks: { hosts: splitList(env.WEBHOOK_HOSTS?.toLowerCase()), secret: env.WEBHOOK_SECRET },
    ocpp: {
      callTimeoutMs: env.OCPP_CALL_TIMEOUT_S * 1000,
      pingIntervalMs: env.OCPP_PING_INTERVAL_S * 1000,
      pongTimeoutMs: env.OCPP_PONG_TIMEOUT_S * 1000,
      frameSizeMaxBytes: env.OCPP_FRAME_SIZE_MAX_BYTES,
      framesPerSecondMax: env.OCPP_FRAMES_PER_SECOND_MAX,
      wireLogMaxBytes: env.OCPP_WIRE_LOG_MAX_MB * MB,
    },
  }
}

function selfRegistrationOf({ OCPP_SELF_REGISTRATION, HTTP_HOST }: Env) {
  if (OCPP_SELF_REGISTRATION !== 'auto') return OCPP_SELF_REGISTRATION
  return isLoopback(HTTP_HOST) ? 'accepted' : 'off'
}

function splitList(text = ''): ReadonlySet<string> {
  const parts = text.split(',').map((part) => part.trim())
  return new Set(parts.filter((part) => part !== ''))
}

export function findChargingProblems(env: Env): string[] {
  return [...findSecretProblems(env), ...findWebhookProblems(env)]
}

const EXAMPLE = 'for example from openssl rand -base64 32'

function findSecretProblems(env: Env): string[] {
  const problems: string[] = []
  for (const name of ['CHARGE_POINT_KEY_SECRET', 'WEBHOOK_SECRET'] as const) {
    const secret = env[name]
    if (secret !== undefined && secret.length < SECRET_LENGTH_MIN) {
      problems.push(`${name}=… must have at least ${SECRET_LENGTH_MIN} characters, ${EXAMPLE}`)
    }
  }
  const isShared = env.DATABASE === 'postgres' && env.FLEETGRID_ROLES.includes('charging')
  if (isShared && env.CHARGE_POINT_KEY_SECRET === undefined) {
    problems.push(
      `CHARGE_POINT_KEY_SECRET is needed with DATABASE=postgres and the role charging, the same for all instances: with one of its own each would refuse the passwords that others have stored; ${EXAMPLE}`,
    )
  }
  return problems
}

function findWebhookProblems(env: Env): string[] {
  const hosts = splitList(env.WEBHOOK_HOSTS)
  const problems = [...hosts]
    .filter((host) => !isHost(host))
    .map((host) => `WEBHOOK_HOSTS has ${host}, which is no host (example.com, 10.0.0.7:8443)`)
  if (hosts.size > 0 && env.WEBHOOK_SECRET === undefined) {
    problems.push(`WEBHOOK_SECRET is needed with WEBHOOK_HOSTS, ${EXAMPLE}`)
  }
  return problems
}

/** As URLs have it, without the port that is usual. */
function isHost(text: string): boolean {
  const url = `https://${text}`
  return URL.canParse(url) && new URL(url).host === text.toLowerCase()
}
