/** The protocol that a charge point speaks, as its version. */
export type ProtocolVersion = '1.6' | '2.0.1'

/**
 * pending: known, not yet allowed to work; rejected: known, and never to work. Everything but booting
 * is refused to both.
 */
export type Registration = 'accepted' | 'pending' | 'rejected'

/**
 * Identity of OCPP: 1 to 48 characters, case-sensitive, without `:`; OCPP 2.0.1 part 4 §3.1.1. Not `.` or
 * `..`: in a URL these are steps of the path, also if they are encoded.
 */
export const CHARGE_POINT_ID = /^(?!\.{1,2}$)[^:\p{Cc}]{1,48}$/u

/** What an operator decides about a charge point. */
export interface ChargePointSettings {
  readonly registration: Registration
  /** Security profile below which it is turned away: 0 without a password, 1 Basic, 2 with TLS, 3 mutual TLS. */
  readonly securityProfileMin: 0 | 1 | 2 | 3
  /** Deviations from the schemas that are overlooked in its messages, and counted. */
  readonly leniency: readonly string[]
  /** For people. */
  readonly note?: string | undefined
}

/** What it says of itself when it boots. */
export interface BootInfo {
  readonly vendor: string
  readonly model: string
  readonly serialNumber?: string | undefined
  readonly firmwareVersion?: string | undefined
  readonly iccid?: string | undefined
  readonly imsi?: string | undefined
  readonly meterType?: string | undefined
  readonly meterSerialNumber?: string | undefined
  /** OCPP 2.0.1: PowerUp, RemoteReset, … */
  readonly reason?: string | undefined
}

/** Who holds its socket. The number grows with each connection: only the highest may speak for it. */
export interface ChargePointConnection {
  readonly instance: string
  readonly epoch: number
  readonly protocol: ProtocolVersion
  readonly connectedAt: number
}

export interface ChargePoint extends ChargePointSettings {
  readonly id: string
  /** Something to check a password with; undefined: none is set, and none is accepted. */
  readonly keyHash?: string | undefined
  /** Of one that it has been sent: it counts from when it is used, or was accepted. */
  readonly nextKeyHash?: string | undefined
  readonly boot?: BootInfo | undefined
  readonly bootedAt?: number | undefined
  /** Undefined: not connected. */
  readonly connection?: ChargePointConnection | undefined
  /** Last version that it spoke. */
  readonly protocol?: ProtocolVersion | undefined
  /** Of its last sign of life, written now and then. */
  readonly lastSeenAt?: number | undefined
  readonly createdAt: number
}

export type ConnectorState =
  | 'Available'
  | 'Preparing'
  | 'Charging'
  | 'SuspendedEV'
  | 'SuspendedEVSE'
  | 'Finishing'
  | 'Occupied'
  | 'Reserved'
  | 'Unavailable'
  | 'Faulted'

/** In 1.6 an EVSE has one connector and both have its number; connector 0 is the charge point itself. */
export interface ConnectorPlace {
  readonly chargePointId: string
  readonly evseId: number
  readonly connectorId: number
}

export interface ConnectorStatus extends ConnectorPlace {
  readonly state: ConnectorState
  /** Epoch milliseconds: when it became so, by the charge point's clock if it says so. */
  readonly at: number
  readonly errorCode?: string | undefined
  readonly info?: string | undefined
  readonly vendorId?: string | undefined
  readonly vendorErrorCode?: string | undefined
}

/** What may stand in a charge point's settings: `leniency`. */
export const LENIENCIES = [
  /** Properties that the schema doesn't have: dropped. */
  'extra-properties',
  /** Texts that are too long: kept whole. */
  'long-strings',
  /** Values that an enumeration doesn't have: kept. */
  'unknown-enum-values',
  /** `2024-05-01T12:00:00`: taken as UTC. */
  'timestamps-without-zone',
  /** `null` for what is not there: dropped. */
  'null-values',
] as const

export type Leniency = (typeof LENIENCIES)[number]
