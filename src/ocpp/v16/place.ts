import type { ConnectorPlace } from '../../domain/charge-point.ts'

/** An EVSE of 1.6 has one connector, and both have its number; 0 is the charge point itself. */
export function placeOf(chargePointId: string, connectorId: number): ConnectorPlace {
  return { chargePointId, evseId: connectorId, connectorId }
}
