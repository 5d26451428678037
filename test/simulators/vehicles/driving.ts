import { createIdentity } from '../../../simulators/vehicles/identity.ts'
import type { Outgoing } from '../../../simulators/vehicles/messages.ts'
import type { Route } from '../../../simulators/vehicles/route.ts'
import { loadRouteCatalog } from '../../../simulators/vehicles/route-catalog.ts'
import { Vehicle } from '../../../simulators/vehicles/vehicle.ts'

/** Drives vehicles without a broker and reads what they say as a server would. */

export const catalog = loadRouteCatalog()
export const START_MS = Date.parse('2026-01-02T03:04:05.000Z')

export function findRoute(id: string): Route {
  const route = catalog.routes.find((candidate) => candidate.id === id)
  if (route === undefined) throw new Error(`no route ${id}`)
  return route
}

export function createVehicle(
  routeId: string,
  { seed = 'test', index = 0, speedup = 1 } = {},
): Vehicle {
  return new Vehicle({
    identity: createIdentity(seed, index),
    seed,
    catalog,
    firstRoute: findRoute(routeId),
    startOffsetM: 0,
    speedup,
  })
}

interface Location {
  readonly Latitude: number
  readonly Longitude: number
}

export interface Cardata {
  readonly TripId: string
  readonly SendTimeStamp: string
  readonly GeoLocation: Location & { readonly Speed: number }
  readonly Acceleration: { readonly MaxLongitudinal: { readonly Value: number } }
  readonly Speed: { readonly Max: number }
  readonly Odometer: { readonly Metres: number }
  readonly Fuel: number
  readonly FuelInfo: { readonly CurrentTripConsumption: number }
  readonly OilTemp: number
  readonly IgnitionStatus: string
}

interface Trip {
  readonly TripId: string
  readonly SendTimeStamp: string
  readonly TripSummary: {
    readonly StartTime: string
    readonly Distance: number
    readonly Duration: number
    readonly StartLocation: Location
    readonly EndLocation: Location
  }
}

export interface Drive {
  readonly cardata: readonly Cardata[]
  readonly trips: readonly Trip[]
  readonly dtcs: readonly { readonly Code: string; readonly Changed: string }[]
  /** Names of the video events. */
  readonly videos: readonly string[]
  readonly payloads: readonly string[]
}

/** Steps until the vehicle has finished a number of trips. */
export function driveTrips(vehicle: Vehicle, trips: number, stepMs = 2000): Drive {
  const messages: Outgoing[] = []
  let finished = 0
  for (let tick = 0; finished < trips; tick++) {
    if (tick > 50_000) throw new Error('the trip does not end')
    const next = vehicle.step(START_MS + tick * stepMs)
    finished += next.filter(({ kind }) => kind === 'trip').length
    messages.push(...next)
  }
  const bodies = (wanted: Outgoing['kind']) =>
    messages.filter(({ kind }) => kind === wanted).map(({ payload }) => JSON.parse(payload))
  return {
    cardata: bodies('cardata'),
    trips: bodies('trip'),
    dtcs: bodies('dtc').map(({ DTC }) => DTC),
    videos: bodies('event').flatMap(({ alert }) => alert?.videoevent.event_name ?? []),
    payloads: messages.map(({ payload }) => payload),
  }
}

export function first<T>(list: readonly T[]): T {
  return list[0] ?? missing()
}

export function last<T>(list: readonly T[]): T {
  return list.at(-1) ?? missing()
}

export function missing(): never {
  throw new Error('there is none')
}

export function isRising(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))
}

export function toPlace({ Latitude, Longitude }: Location) {
  return { latitude: Latitude, longitude: Longitude }
}

/** Flat-earth distance to the nearest segment: exact enough for a metre. */
export function distanceToRouteM(route: Route, location: Location): number {
  const { latitude, longitude } = toPlace(location)
  const metresPerDegree = 111_195
  const stretch = Math.cos((latitude * Math.PI) / 180)
  let nearest = Number.POSITIVE_INFINITY
  for (let index = 1; index < route.latitudes.length; index++) {
    const x = (vertex: number) =>
      ((route.longitudes[vertex] ?? 0) - longitude) * stretch * metresPerDegree
    const y = (vertex: number) => ((route.latitudes[vertex] ?? 0) - latitude) * metresPerDegree
    const [dx, dy] = [x(index) - x(index - 1), y(index) - y(index - 1)]
    const along = -(x(index - 1) * dx + y(index - 1) * dy) / (dx * dx + dy * dy || 1)
    const share = Math.min(1, Math.max(0, along))
    const distance = Math.hypot(x(index - 1) + dx * share, y(index - 1) + dy * share)
    nearest = Math.min(nearest, distance)
  }
  return nearest
}
