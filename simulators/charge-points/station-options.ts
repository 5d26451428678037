import type { StationIdentity } from './identity.ts'
import type { Rates } from './plan.ts'
import type { SettingsCatalog } from './settings.ts'
import type { Station } from './station.ts'
import type { ProtocolName, Wire } from './wire.ts'

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

export interface Protocol {
  readonly settings: SettingsCatalog
  readonly createWire: (station: Station) => Wire
}
