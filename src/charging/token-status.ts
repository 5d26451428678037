import type { IdToken, TokenInfo, TokenStatus } from '../domain/id-token.ts'

/** What a token is worth by itself, whatever else it is doing. */
export function statusOf(token: IdToken | undefined, now: number): TokenStatus {
  if (token === undefined) return 'Unknown'
  if (token.isBlocked) return 'Blocked'
  if (token.expiresAt !== undefined && token.expiresAt <= now) return 'Expired'
  return 'Accepted'
}

export function describeToken(token: IdToken | undefined, status: TokenStatus): TokenInfo {
  return { status, expiresAt: token?.expiresAt, groupId: token?.groupId }
}
