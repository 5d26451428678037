import type { OCPP20 } from 'typed-ocpp'
import type { TokenInfo, TokenKind } from '../../domain/id-token.ts'
import { compact } from '../../lib/compact.ts'
import { writeTime } from '../time.ts'

export type WireToken = OCPP20.AuthorizeRequest['idToken']
export type WireTokenInfo = OCPP20.AuthorizeResponse['idTokenInfo']

/** Undefined: whoever charges has shown nothing, e.g. pressed a button. Its text is empty (§C02). */
export function readTokenUid(token: WireToken | undefined): string | undefined {
  return token === undefined || token.type === 'NoAuthorization' ? undefined : token.idToken
}

/**
 * What is told about a token that came in a message. Who has shown none may charge where the charge point
 * asks for none (§C02.FR.02). Central ones are ours, made for a remote start (§C05): that they are not on
 * record means nothing.
 */
export function writeTokenInfo(token: WireToken, info: TokenInfo | undefined): WireTokenInfo {
  const isOurs = token.type === 'Central' && info?.status === 'Unknown'
  if (isOurs || token.type === 'NoAuthorization') return { status: 'Accepted' }
  if (info === undefined) return { status: 'Unknown' }
  const { status, expiresAt, groupId } = info
  return compact({
    status,
    cacheExpiryDateTime: expiresAt === undefined ? undefined : writeTime(expiresAt),
    groupIdToken: groupId === undefined ? undefined : writeGroup(groupId),
  })
}

/** Of a command. */
export function writeToken(uid: string, kind: TokenKind | undefined): WireToken {
  return { idToken: uid, type: kind ?? 'ISO14443' }
}

/** Groups are ours, so they are of our kind. */
export function writeGroup(groupId: string): WireToken {
  return { idToken: groupId, type: 'Central' }
}
