import type { ConnectorPlace } from '../../domain/charge-point.ts'
import type { TransactionEvent, TransactionStart } from '../../domain/charging-transaction.ts'

// Integers of OCPP have 32 bits, but its schemas let any through, and a
// message of a transaction that is refused is told again for ever. What no column can hold becomes the
// nearest that it can.

const COLUMN_MAX = 2_147_483_647

export function boundedStart(start: TransactionStart): TransactionStart {
  return { ...boundedPlace(start), reservationId: bounded(start.reservationId) }
}

export function boundedEvent(event: TransactionEvent): TransactionEvent {
  return {
    ...boundedPlace(event),
    seqNo: bounded(event.seqNo) ?? 0,
    remoteStartId: bounded(event.remoteStartId),
    reservationId: bounded(event.reservationId),
  }
}

export function boundedPlace<Place extends ConnectorPlace>(place: Place): Place {
  const evseId = bounded(place.evseId, COLUMN_MAX) ?? 0
  const connectorId = bounded(place.connectorId, COLUMN_MAX) ?? 0
  return { ...place, evseId, connectorId }
}

/** 0 is the number of no transaction. */
export function boundedNumber(number: number): number {
  return Number.isSafeInteger(number) ? number : 0
}

function bounded(value: number | undefined, max = Number.MAX_SAFE_INTEGER): number | undefined {
  return value === undefined ? undefined : Math.trunc(Math.min(max, Math.max(-max, value)))
}
