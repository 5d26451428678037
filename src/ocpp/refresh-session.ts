import type { ChargePointSession } from '../charging/session.ts'
import type { ChargePointSettings, Registration } from '../domain/charge-point.ts'

/** What can change while a charge point is connected, and needs no other connection. */
export type LiveSettings = Pick<ChargePointSettings, 'leniency' | 'registration'>

const RANKS: Readonly<Record<Registration, number>> = { rejected: 0, pending: 1, accepted: 2 }

/**
 * For the messages to come. Who may do less may do it at once; who may do more has to hear of it first,
 * and does when it boots: those that are not accepted are told to try again.
 */
export function refreshSession(
  session: ChargePointSession,
  { leniency, registration }: LiveSettings,
): void {
  session.leniency = leniency
  if (RANKS[registration] < RANKS[session.registration]) session.registration = registration
}
