import type { Counts } from './counts.ts'
import type { Evse } from './evse.ts'
import type { StationIdentity } from './identity.ts'
import type { Rates } from './plan.ts'
import type { Charger } from './profiles.ts'
import type { Scheduler } from './scheduler.ts'
import type { Settings } from './settings.ts'
import type { Wire } from './wire.ts'

/** Names are those of OCPP 1.6, which has more of them. */
export type EvseState =
  | 'Available'
  | 'Preparing'
  | 'Charging'
  | 'SuspendedEV'
  | 'SuspendedEVSE'
  | 'Finishing'
  | 'Reserved'
  | 'Unavailable'
  | 'Faulted'

export interface Reservation {
  readonly id: number
  readonly token: string
  /** Tokens of this group may use it as well. */
  readonly group: string | undefined
  readonly expiresAt: number
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
  /** It has been accepted since it was switched on; it may be offline now. */
  readonly isAccepted: boolean
  tokenOf(evseId: number): string
  createTransactionId(evseId: number): string
  authorize(token: string): Promise<boolean>
  limitW(charger: Charger): number
  breakConnection(forS: number): void
  stateChanged(evse: Evse): void
  transactionEnded(evse: Evse): void
}

export function isFor(reservation: Reservation, token: string, group?: string): boolean {
  const isSame = (one: string | undefined) => one?.toUpperCase() === token.toUpperCase()
  const isOfGroup = group !== undefined && reservation.group === group
  return isSame(reservation.token) || isOfGroup
}
