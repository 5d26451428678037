import type { ConnectorPlace } from './charge-point.ts'

/** One value of one measurand; names and units are those of OCPP. */
export interface Sample {
  readonly value: number | string
  /** Energy.Active.Import.Register if not given. */
  readonly measurand?: string | undefined
  readonly unit?: string | undefined
  readonly context?: string | undefined
  readonly phase?: string | undefined
  readonly location?: string | undefined
  /** SignedData: `value` is passed on as it came (calibration law). */
  readonly format?: string | undefined
  readonly signed?: unknown
}

export interface MeterReading {
  /** Epoch milliseconds. */
  readonly at: number
  readonly samples: readonly Sample[]
}

/**
 * running: it takes a place of its token. lost: nobody has told of its end, and it won't have gone on:
 * another one has begun at its EVSE, or nothing was told of it for long. closed: an operator has given
 * it up. stopped: the charge point has told of its end, whatever it was before.
 */
export type TransactionState = 'running' | 'lost' | 'closed' | 'stopped'

/** Of silence, after which a transaction counts as lost, if nothing else is said. */
export const LOST_AFTER_MS = 72 * 3_600_000

export interface ChargingTransaction extends ConnectorPlace {
  /** Of all charge points, see `transactionId`. */
  readonly id: string
  /** OCPP 1.6 only: what the charge point calls it. Unique over all charge points. */
  readonly number?: number | undefined
  /** OCPP 2.0.1 only: what the charge point calls it. */
  readonly ownId?: string | undefined
  readonly tokenUid?: string | undefined
  readonly tokenGroupId?: string | undefined
  readonly state: TransactionState
  readonly startedAt: number
  readonly meterStartWh?: number | undefined
  readonly meterWh?: number | undefined
  readonly stoppedAt?: number | undefined
  readonly meterStopWh?: number | undefined
  readonly stopReason?: string | undefined
  /** By our clock. A stop that is told later is kept beside it. */
  readonly closedAt?: number | undefined
  readonly closeReason?: string | undefined
  /** OCPP 2.0.1: Charging, EVConnected, Idle, SuspendedEV, SuspendedEVSE. */
  readonly chargingState?: string | undefined
  readonly remoteStartId?: number | undefined
  readonly reservationId?: number | undefined
  /** Some of it happened while the charge point was offline. */
  readonly wasOffline: boolean
}

/** OCPP 1.6: the same start told again is the same transaction, whatever else has happened. */
export interface TransactionStart extends ConnectorPlace {
  readonly tokenUid: string
  readonly tokenGroupId?: string | undefined
  readonly at: number
  readonly meterStartWh: number
  readonly reservationId?: number | undefined
}

/** OCPP 1.6. */
export interface TransactionStop {
  readonly chargePointId: string
  readonly number: number
  readonly at: number
  readonly meterStopWh: number
  readonly reason?: string | undefined
  readonly tokenUid?: string | undefined
  readonly readings: readonly MeterReading[]
}

/** OCPP 2.0.1: they may come in any order, some never, each any number of times. */
export interface TransactionEvent extends ConnectorPlace {
  readonly ownId: string
  readonly kind: 'Started' | 'Updated' | 'Ended'
  readonly seqNo: number
  readonly at: number
  readonly trigger: string
  readonly tokenUid?: string | undefined
  readonly tokenGroupId?: string | undefined
  readonly chargingState?: string | undefined
  readonly stopReason?: string | undefined
  readonly remoteStartId?: number | undefined
  readonly reservationId?: number | undefined
  readonly isOffline: boolean
  readonly readings: readonly MeterReading[]
}

/** `{charge point}/{number, or what it calls it}`: the second part is encoded, so it has no slash. */
export function transactionId(chargePointId: string, own: string | number): string {
  return `${chargePointId}/${encodeURIComponent(own)}`
}

/** The parts of a `transactionId`; of any other text, parts that nothing has. */
export function splitTransactionId(id: string): {
  readonly chargePointId: string
  readonly own: string
} {
  const slash = id.lastIndexOf('/')
  const encoded = id.slice(slash + 1)
  const chargePointId = id.slice(0, Math.max(0, slash))
  try {
    return { chargePointId, own: decodeURIComponent(encoded) }
  } catch {
    return { chargePointId, own: encoded }
  }
}
