import { type FleetgridError, publicError } from '../domain/errors.ts'

/** Values of the claim `cognito:groups` that mean something here; `device` is for MQTT clients. */
export const ACCESS_ROLES = ['viewer', 'operator', 'admin', 'device'] as const
export type AccessRole = (typeof ACCESS_ROLES)[number]

/** Who sent a request, as a valid token says. */
export interface Caller {
  readonly subject: string
  readonly roles: ReadonlySet<AccessRole>
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export type Claims = Readonly<Record<string, unknown>>

/** Where public keys come from. */
export interface KeySource {
  /** Creates or fetches what is missing; never fails because an issuer is away. */
  open(): Promise<void>
  /**
   * The public key as PEM.
   * @throws FleetgridError `unauthenticated` for an unknown key, `unavailable` if nobody can tell
   */
  publicKey(keyId: string | undefined): Promise<string>
}

/** @throws FleetgridError `unauthenticated` where the claims are not enough */
export function readCaller(claims: Claims, audience: string | undefined): Caller {
  const { sub, exp, 'cognito:groups': groups } = claims
  if (typeof sub !== 'string' || sub === '' || typeof exp !== 'number') {
    throw invalidToken('it has no subject or no expiry')
  }
  if (audience !== undefined && !isMeantFor(audience, claims)) {
    throw invalidToken('it is meant for another audience')
  }
  const listed: unknown[] = Array.isArray(groups) ? groups : []
  const roles = ACCESS_ROLES.filter((role) => listed.includes(role))
  return { subject: sub, roles: new Set(roles), expiresAt: exp * 1000 }
}

/** Cognito's id tokens name the client in `aud`; its access tokens have `client_id` instead. */
function isMeantFor(audience: string, { aud, client_id: clientId }: Claims): boolean {
  if (aud === undefined) return clientId === audience
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience
}

// Each role of a person includes the ones before it; a device is no person.
const RANKS = ['viewer', 'operator', 'admin'] as const
export type NeededRole = (typeof RANKS)[number]

export function hasRole(caller: Caller, needed: NeededRole): boolean {
  return RANKS.slice(RANKS.indexOf(needed)).some((role) => caller.roles.has(role))
}

export function invalidToken(reason: string): FleetgridError {
  return publicError('unauthenticated', `The token is not valid: ${reason}`, {
    error: 'invalid_token',
  })
}
