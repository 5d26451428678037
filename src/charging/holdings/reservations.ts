import { compact } from '../../lib/compact.ts'
import { type EffectOf, joinKey, saysAccepted } from './effect.ts'

// A reservation is `active` until it is `used` (used-reservations.ts) or `cancelled`, or its time is
// over. It is kept for a while afterwards.

export function reservationKey(reservationId: number): string {
  return joinKey(reservationId)
}

export const reserved: EffectOf<'reserve'> = ({ parameters, answer }) => {
  const { reservationId, expiresAt, ...document } = parameters
  if (!saysAccepted(answer) || reservationId === undefined) return undefined
  return {
    put: [
      {
        kind: 'reservation',
        key: reservationKey(reservationId),
        state: 'active',
        document: compact({ ...document, reservationId }),
        expiresAt: Date.parse(expiresAt),
      },
    ],
  }
}

/** Refused: it knows no such reservation (OCPP 1.6 §7.5, 2.0.1 CancelReservationStatusEnumType). */
export const cancelled: EffectOf<'cancel-reservation'> = async (command, holdings) => {
  const { chargePointId, parameters } = command
  const key = reservationKey(parameters.reservationId)
  const known = (await holdings.find(chargePointId, 'reservation', [key])).get(key)
  return known?.state === 'active' ? { put: [{ ...known, state: 'cancelled' }] } : undefined
}
