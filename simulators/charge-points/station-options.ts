import type { ProtocolName } from './connection.ts'
import type { StationIdentity } from './identity.ts'
import type { Rates } from './plan.ts'

export interface StationOptions {
  readonly identity: StationIdentity
  readonly protocol: ProtocolName
  readonly url: string
  readonly password: string | undefined
  readonly compression: boolean
  readonly evseCount: number
  readonly seed: string
  readonly rates: Rates
  readonly callTimeoutMs: number
  /** The card of whoever comes to this EVSE. */
  readonly tokenOf: (evseId: number) => string
  /** Why it can't connect. */
  readonly trouble: (reason: string) => void
}
