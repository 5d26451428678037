import type { OCPP16 } from 'typed-ocpp'
import type { TokenInfo, TokenStatus } from '../../domain/id-token.ts'
import { compact } from '../../lib/compact.ts'
import { writeTime } from '../time.ts'

export type IdTagInfo = OCPP16.AuthorizeResponse['idTagInfo']

/** IdToken is a CiString20Type (OCPP 1.6 §7.28). */
export const ID_TAG_LENGTH_MAX = 20

/** 1.6 knows five reasons; what it has no word for is no permission all the same. */
export const STATUS = {
  Accepted: 'Accepted',
  Blocked: 'Blocked',
  Expired: 'Expired',
  Invalid: 'Invalid',
  ConcurrentTx: 'ConcurrentTx',
  NoCredit: 'Blocked',
  NotAllowedTypeEVSE: 'Invalid',
  NotAtThisLocation: 'Invalid',
  NotAtThisTime: 'Invalid',
  Unknown: 'Invalid',
} as const satisfies Record<TokenStatus, IdTagInfo['status']>

export function writeIdTagInfo({ status, expiresAt, groupId }: TokenInfo): IdTagInfo {
  // A group with a longer name can't be told of: its tokens don't stop each other's transactions.
  const isTellable = groupId !== undefined && groupId.length <= ID_TAG_LENGTH_MAX
  return compact({
    status: STATUS[status],
    expiryDate: expiresAt === undefined ? undefined : writeTime(expiresAt),
    parentIdTag: isTellable ? groupId : undefined,
  })
}
