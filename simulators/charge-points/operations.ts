import { type Reply, reply } from './commands.ts'
import type { Evse } from './evse.ts'
import type { Reservation } from './evse-host.ts'
import type { Charger, Profile } from './profiles.ts'
import type { Station } from './station.ts'

/** What both versions do in the same way. */

/** `evse` undefined: of the whole station. What charges goes on charging. */
export function availabilityOutcome(
  station: Station,
  evse: Evse | undefined,
  isOperative: boolean,
): 'Accepted' | 'Scheduled' {
  const evses = evse === undefined ? station.evses : [evse]
  const isBusy = evses.some(({ transaction }) => transaction !== undefined)
  return !isOperative && isBusy ? 'Scheduled' : 'Accepted'
}

export function reserve(
  station: Station,
  evse: Evse | undefined,
  reservation: Reservation,
): Reply<{ status: 'Accepted' | 'Faulted' | 'Occupied' | 'Rejected' | 'Unavailable' }> {
  if (evse === undefined || !station.isAccepted) return reply({ status: 'Rejected' })
  if (evse.state === 'Faulted') return reply({ status: 'Faulted' })
  if (!evse.isOperative) return reply({ status: 'Unavailable' })
  // The same id again replaces the reservation; OCPP 1.6 §5.13.
  const isSame = evse.reservation?.id === reservation.id
  if (evse.state !== 'Available' && !isSame) return reply({ status: 'Occupied' })
  return reply({ status: 'Accepted' }, () => evse.reserve(reservation))
}

export function cancelReservation(
  station: Station,
  id: number,
): Reply<{ status: 'Accepted' | 'Rejected' }> {
  const evse = station.evses.find(({ reservation }) => reservation?.id === id)
  if (evse === undefined) return reply({ status: 'Rejected' })
  return reply({ status: 'Accepted' }, () => evse.reserve(undefined))
}

/** The limit holds at once. */
export function setProfile(
  station: Station,
  profile: Profile,
): Reply<{ status: 'Accepted' | 'Rejected' }> {
  const evse = station.findEvse(profile.evseId)
  const isSomewhere = profile.evseId === 0 ? profile.purpose !== 'transaction' : evse !== undefined
  const isMisplaced = profile.purpose === 'station' && profile.evseId !== 0
  const isTooLate = profile.purpose === 'transaction' && evse?.transaction === undefined
  if (!isSomewhere || isMisplaced || isTooLate || !station.profiles.set(profile)) {
    return reply({ status: 'Rejected' })
  }
  return reply({ status: 'Accepted' }, () => {
    for (const each of station.evses) each.read()
  })
}

/** 0 is the station as a whole; undefined: there is no such EVSE. */
export function chargerOf(station: Station, evseId: number): Charger | undefined {
  if (evseId !== 0) return station.findEvse(evseId)?.charger
  const { powerMaxW, voltageV, phases } = station.identity
  const total = powerMaxW * station.evseCount
  return { evseId: 0, powerMaxW: total, voltageV, phases, startedAt: undefined }
}
