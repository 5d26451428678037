import { readFileSync } from 'node:fs'
import polyline from '@mapbox/polyline'
import {
  buildRoute,
  endOf,
  measureDistanceM,
  type Route,
  type RouteFacts,
  reverseRoute,
  startOf,
} from './route.ts'
import { deriveSpeedLimits, type SpeedLimits, styleOf } from './speed-limits.ts'

/** The routes of routes.json in both directions, and which one can follow which. */
export interface RouteCatalog {
  /** As in the file, in its order. */
  readonly routes: readonly Route[]
  /** Where a vehicle at the end of `route` can go on: at least the way back. */
  nextRoutes(route: Route): readonly Route[]
  limitsOf(route: Route): SpeedLimits
}

interface PackedRoutes {
  readonly precision: number
  readonly routes: readonly (RouteFacts & { readonly polyline: string })[]
}

/** A route that starts this near to where another ends continues it. */
const NEARBY_M = 250

export function loadRouteCatalog(): RouteCatalog {
  const packed = JSON.parse(
    readFileSync(new URL('./routes.json', import.meta.url), 'utf8'),
  ) as PackedRoutes
  return createRouteCatalog(
    packed.routes.map(({ polyline: line, ...facts }) => {
      const points = polyline.decode(line, packed.precision)
      return buildRoute(
        facts,
        points.map(([latitude, longitude]) => ({ latitude, longitude })),
      )
    }),
  )
}

export function createRouteCatalog(routes: readonly Route[]): RouteCatalog {
  const directed = [...routes, ...routes.map(reverseRoute)]
  const following = new Map<Route, readonly Route[]>()
  const limits = new Map<Route, SpeedLimits>()
  return {
    routes,
    nextRoutes(route) {
      const known = following.get(route)
      if (known !== undefined) return known
      const end = endOf(route)
      const found = directed.filter((next) => measureDistanceM(end, startOf(next)) <= NEARBY_M)
      following.set(route, found)
      return found
    },
    limitsOf(route) {
      const known = limits.get(route)
      if (known !== undefined) return known
      const derived = deriveSpeedLimits(route, styleOf(route.profile).brakingMps2)
      limits.set(route, derived)
      return derived
    },
  }
}
