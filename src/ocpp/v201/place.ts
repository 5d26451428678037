import type { OCPP20 } from 'typed-ocpp'
import { compact } from '../../lib/compact.ts'
import { unsayable } from './unsayable.ts'

type Evse = NonNullable<OCPP20.ChangeAvailabilityRequest['evse']>

/** Undefined: the charge point as a whole. */
export function writeEvse(
  evseId: number | undefined,
  connectorId: number | undefined,
): Evse | undefined {
  if (!isOneEvse(evseId)) {
    if (connectorId !== undefined) throw unsayable('connectorId', 'needs the evseId it belongs to')
    return undefined
  }
  return compact({ id: evseId, connectorId })
}

/** Left out or 0: the charge point as a whole, which 2.0.1 says by leaving it out. */
export function isOneEvse(evseId: number | undefined): evseId is number {
  return evseId !== undefined && evseId !== 0
}
