/** A transaction as the station knows it. */
export interface Transaction {
  readonly evseId: number
  /** OCPP 2.0.1: the station's own id. */
  readonly id: string
  /** OCPP 1.6: the server's id, once StartTransaction has been answered. */
  number: number | undefined
  /** OCPP 2.0.1: of the next event. */
  seqNo: number
  readonly token: string
  readonly startedAt: number
  readonly meterStartWh: number
  readonly remoteStartId: number | undefined
  readonly reservationId: number | undefined
  chargingState: ChargingState
}

export type ChargingState = 'EVConnected' | 'Charging' | 'SuspendedEV' | 'SuspendedEVSE'

/** What made it possible to start: the last thing that was missing. */
export type TransactionTrigger = 'authorized' | 'pluggedIn' | 'remoteStart'

export type StopReason =
  /** The driver's card. */
  | 'local'
  | 'remote'
  /** The car has had enough, and is unplugged. */
  | 'evDisconnected'
  | 'deauthorized'
  | 'fault'
  | 'hardReset'
  | 'softReset'
  | 'reboot'
  | 'unlock'
  | 'powerLoss'

/** What the meter of an EVSE says. */
export interface Reading {
  readonly at: number
  readonly energyWh: number
  readonly powerW: number
  readonly currentA: number
  readonly voltageV: number
  readonly offeredW: number
  /** Percent; undefined: no car. */
  readonly soc: number | undefined
}
