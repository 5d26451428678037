import type { Static } from 'typebox'
import { compact } from '../../lib/compact.ts'
import type { ExpiryFilter, Holding } from '../../ports/charge-point-holdings.ts'
import type { LocalListEntry } from '../command-parts.ts'
import { readProfile } from '../holdings/charging-profiles.ts'
import type {
  CertificateItem,
  HeldProfileItem,
  ReservationItem,
  ReservationState,
  VariableItem,
} from './holding-schemas.ts'
import { renderTime } from './render.ts'

// What charge points hold → JSON. Documents are written by src/charging/holdings, with the names that
// people see.

export function renderReservation(holding: Holding, now: number): Static<typeof ReservationItem> {
  const { chargePointId, document, at, expiresAt = 0 } = holding
  return {
    ...(document as unknown as Pick<Static<typeof ReservationItem>, 'reservationId'>),
    chargePointId,
    state: stateOf(holding, now),
    expiresAt: renderTime(expiresAt),
    at: renderTime(at),
  }
}

function stateOf({ state, expiresAt = 0 }: Holding, now: number): ReservationState {
  if (state === 'used' || state === 'cancelled') return state
  return expiresAt > now ? 'active' : 'expired'
}

/** Which holdings are in that state now. */
export function filterOfState(state: ReservationState | undefined, now: number): ExpiryFilter {
  if (state === 'active') return { state: 'active', expiresAfter: now }
  if (state === 'expired') return { state: 'active', expiresUntil: now }
  return compact({ state })
}

export function renderProfile(holding: Holding): Static<typeof HeldProfileItem> {
  const { evseId, profile } = readProfile(holding)
  return { evseId, ...profile, at: renderTime(holding.at) }
}

export function renderVariable({ document, at }: Holding): Static<typeof VariableItem> {
  return { ...(document as unknown as { readonly name: string }), at: renderTime(at) }
}

export function renderCertificate({ document, at }: Holding): Static<typeof CertificateItem> {
  return { ...(document as unknown as { readonly use: string }), at: renderTime(at) }
}

export function renderListEntry({ document }: Holding): LocalListEntry {
  return document as unknown as LocalListEntry
}
