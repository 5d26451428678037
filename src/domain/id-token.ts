/** What is told to a charge point about who wants to charge; the names are those of OCPP. */
export type TokenStatus =
  | 'Accepted'
  | 'Blocked'
  | 'Expired'
  | 'Invalid'
  | 'ConcurrentTx'
  | 'NoCredit'
  | 'NotAllowedTypeEVSE'
  | 'NotAtThisLocation'
  | 'NotAtThisTime'
  | 'Unknown'

/** OCPP 2.0.1 §IdTokenEnumType; a tag of 1.6 can be any of them and is compared by its text alone. */
export type TokenKind =
  | 'Central'
  | 'eMAID'
  | 'ISO14443'
  | 'ISO15693'
  | 'KeyCode'
  | 'Local'
  | 'MacAddress'
  | 'NoAuthorization'

export interface IdToken {
  /** 1 to 36 characters; compared without regard to case (OCPP 1.6 §4.1, CiString). */
  readonly uid: string
  readonly kind?: TokenKind | undefined
  /** Blocked tokens stay known: a charge point has to be told that they are. */
  readonly isBlocked: boolean
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined
  /** Tokens of a group may stop each other's transactions (the parent tag of 1.6). */
  readonly groupId?: string | undefined
  /** Transactions at a time; more are ConcurrentTx. */
  readonly concurrentMax: number
  readonly note?: string | undefined
}

export interface TokenInfo {
  readonly status: TokenStatus
  readonly expiresAt?: number | undefined
  readonly groupId?: string | undefined
}

export function sameToken(uid: string): string {
  return uid.toUpperCase()
}
