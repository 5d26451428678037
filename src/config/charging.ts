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
    vendorIds: new Set(env.OCPP_VENDOR_IDS?.split(',').map((id) => id.trim()) ?? []),
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

export function findChargingProblems(env: Env): string[] {
  const secret = env.CHARGE_POINT_KEY_SECRET
  if (secret !== undefined && secret.length < SECRET_LENGTH_MIN) {
    return [
      `CHARGE_POINT_KEY_SECRET=… must have at least ${SECRET_LENGTH_MIN} characters, for example from openssl rand -base64 32`,
    ]
  }
  return []
}
