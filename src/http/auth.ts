import { createVerifier } from 'fast-jwt'
import type { AuthConfig } from '../config/config.ts'
import { type Clock, systemClock } from '../domain/clock.ts'
import { FleetgridError, publicError } from '../domain/errors.ts'
import { type Caller, type Claims, invalidToken, type KeySource, readCaller } from './caller.ts'
import { createLocalKeys } from './local-keys.ts'
import { createRemoteKeys } from './remote-keys.ts'

export type { AccessRole, Caller } from './caller.ts'

export interface Keys extends KeySource {
  /**
   * For edges without Fastify, such as the password of an MQTT client.
   * @throws FleetgridError `unauthenticated`, or `unavailable` while the key set can't be had
   */
  verifyToken(token: string): Promise<Caller>
  /** What fast-jwt and @fastify/jwt check: the same at every edge. */
  readonly verifyOptions: VerifyOptions
  /** Claims of a token whose signature was checked → its caller. */
  readonly readClaims: (claims: Claims) => Caller
}

/** RS256 alone: with one algorithm nobody can use the public key as the secret of an HMAC. */
export interface VerifyOptions {
  algorithms: ['RS256']
  allowedIss?: string
  requiredClaims: string[]
  clockTolerance: number
}

const CLOCK_TOLERANCE_MS = 5000
const TOKEN_LENGTH_MAX = 8192

/** Checks tokens by the key set of an issuer or by the key pair in the data folder. */
export function createKeys(config: AuthConfig, clock: Clock = systemClock): Keys {
  const source =
    config.provider === 'jwks'
      ? createRemoteKeys({ url: config.jwksUrl, clock })
      : createLocalKeys(config.keyDir)
  const verifyOptions: VerifyOptions = {
    algorithms: ['RS256'],
    ...(config.issuer === undefined ? {} : { allowedIss: config.issuer }),
    requiredClaims: ['exp', 'sub', ...(config.issuer === undefined ? [] : ['iss'])],
    clockTolerance: CLOCK_TOLERANCE_MS,
  }
  const readClaims = (claims: Claims): Caller => readCaller(claims, config.audience)
  const verify = createVerifier({
    ...verifyOptions,
    key: ({ header }: { header: { kid?: string } }) => source.publicKey(header.kid),
  })
  return {
    open: () => source.open(),
    publicKey: (keyId) => source.publicKey(keyId),
    verifyOptions,
    readClaims,
    async verifyToken(token) {
      if (token.length > TOKEN_LENGTH_MAX) throw invalidToken('it is too long')
      try {
        return readClaims(await verify(token))
      } catch (error) {
        throw toAuthError(error)
      }
    },
  }
}

/** What fast-jwt, @fastify/jwt or a key source threw → what a caller is told. Bugs pass through. */
export function toAuthError(error: unknown): unknown {
  if (error instanceof FleetgridError || !(error instanceof Error)) return error
  const { code = '', originalError } = error as { code?: string; originalError?: unknown }
  if (originalError instanceof FleetgridError) return originalError
  if (code === 'FST_JWT_NO_AUTHORIZATION_IN_HEADER') {
    return publicError('unauthenticated', 'A token is needed: Authorization: Bearer <token>')
  }
  if (code.endsWith('_EXPIRED')) {
    return publicError('unauthenticated', 'The token has expired', { error: 'invalid_token' })
  }
  if (!/^(FST|FAST)_JWT_/.test(code)) return error
  return invalidToken(error.message.replace(/^Authorization token is invalid: /, ''))
}
