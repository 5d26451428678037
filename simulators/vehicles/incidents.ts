import type { Random } from '../random.ts'
import type { Alert } from './messages.ts'
import type { Route } from './route.ts'

/** What goes wrong on a trip, and where. */
export interface Incident {
  readonly type: string
  readonly offsetM: number
}

export const TROUBLE_CODES = ['P1703', 'P0301', 'U1627', 'P1734', 'P0521'] as const

/** Hot oil is beyond what any anomaly rule would call normal. */
export const HOT_OIL_LOWEST_F = 292
export const HOT_OIL_HIGHEST_F = 308

/** Mean time between events that have no trigger on the route. */
export const EVENT_MEAN_S = 900

export const VIDEO_EVENTS = [
  { name: 'WarningPedestriansCrossing', id: 169 },
  { name: 'WarningFollowingDistance', id: 172 },
  { name: 'WarningLaneDeparture', id: 175 },
] as const

export const HARSH_BRAKING = { name: 'HarshBraking', id: 181 } as const

const ALERTS: readonly Alert[] = [
  { Body: { DoorStatus: 'LR Open' }, Chassis: { TyrePressure: 'LF 1.9' } },
  { Body: { DoorStatus: 'RF Open' } },
  { Chassis: { TyrePressure: 'RR 1.7' } },
]

export function pickAlert(random: Random): Alert {
  return random.pick(ALERTS)
}

/** The route's triggers, spread over it, in driving order; those before the start have happened. */
export function planIncidents(route: Route, fromM: number, random: Random): Incident[] {
  const incidents: Incident[] = []
  for (const { type, occurrences } of route.triggers) {
    for (let count = 0; count < occurrences; count++) {
      incidents.push({ type, offsetM: route.lengthM * random.between(0.05, 0.8) })
    }
  }
  return incidents
    .filter(({ offsetM }) => offsetM >= fromM)
    .sort((left, right) => left.offsetM - right.offsetM)
}
