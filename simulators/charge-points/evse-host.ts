import type { Counts } from './counts.ts'
import type { StationIdentity } from './identity.ts'
import type { Rates } from './plan.ts'
import type { Charger } from './profiles.ts'
import type { Scheduler } from './scheduler.ts'
import type { Settings } from './settings.ts'
import type { Wire } from './wire.ts'

export interface Reservation {
  readonly id: number
  readonly token: string
  /** Tokens of this group may use it as well. */
  readonly group: string | undefined
  readonly expiresAt: number
}

/** A server's wish, in either version's words. */
export interface RemoteStart {
  readonly token: string
  readonly group?: string | undefined
  readonly remoteStartId?: number | undefined
}

/** What an EVSE needs of its station. */
export interface EvseHost {
  readonly seed: string
  readonly identity: StationIdentity
  readonly evseCount: number
  readonly rates: Rates
  readonly scheduler: Scheduler
  readonly counts: Counts
  readonly settings: Settings
  readonly wire: Wire
  /** It has been accepted since it was switched on, and isn't going down; it may be offline now. */
  readonly isAccepted: boolean
  /** It may send whatever it has to say. */
  readonly isOnline: boolean
  tokenOf(evseId: number): string
  createTransactionId(evseId: number): string
  authorize(token: string): Promise<boolean>
  limitW(charger: Charger): number
  breakConnection(forS: number): void
  transactionEnded(evseId: number): void
}

export function isFor(reservation: Reservation, token: string, group?: string): boolean {
  const isSame = (one: string | undefined) => one?.toUpperCase() === token.toUpperCase()
  const isOfGroup = group !== undefined && reservation.group === group
  return isSame(reservation.token) || isOfGroup
}
