/** Geometry of a route: where a vehicle is, and where it looks, after so many metres. */

export interface RouteTrigger {
  /** dtc, oiltemp or brake. */
  readonly type: string
  readonly occurrences: number
}

export interface RouteFacts {
  readonly id: string
  readonly name: string
  /** Driving style: normal, aggressive, … */
  readonly profile: string
  readonly triggers: readonly RouteTrigger[]
}

export interface Coordinates {
  readonly latitude: number
  readonly longitude: number
}

export interface Route extends RouteFacts {
  readonly latitudes: Float64Array
  readonly longitudes: Float64Array
  /** Distance from the start to each vertex. */
  readonly offsetsM: Float64Array
  /** Of the segment that begins at the vertex; the last one repeats the segment before. */
  readonly headingsDeg: Float64Array
  readonly lengthM: number
}

export interface Place extends Coordinates {
  readonly headingDeg: number
}

const EARTH_RADIUS_M = 6_371_008.8
const RADIANS = Math.PI / 180

/** Points in driving order, no two equal ones in a row. @throws RangeError for fewer than two */
export function buildRoute(facts: RouteFacts, points: readonly Coordinates[]): Route {
  if (points.length < 2) throw new RangeError(`route ${facts.id} needs two points or more`)
  const latitudes = Float64Array.from(points, (point) => point.latitude)
  const longitudes = Float64Array.from(points, (point) => point.longitude)
  const offsetsM = new Float64Array(points.length)
  const headingsDeg = new Float64Array(points.length)
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1] as Coordinates
    const to = points[index] as Coordinates
    offsetsM[index] = at(offsetsM, index - 1) + measureDistanceM(from, to)
    headingsDeg[index - 1] = measureHeadingDeg(from, to)
  }
  headingsDeg[points.length - 1] = at(headingsDeg, points.length - 2)
  const lengthM = at(offsetsM, points.length - 1)
  return { ...facts, latitudes, longitudes, offsetsM, headingsDeg, lengthM }
}

/** The same road driven back. */
export function reverseRoute(route: Route): Route {
  const points = listPoints(route).reverse()
  const { name, profile, triggers } = route
  return buildRoute({ id: `${route.id}-back`, name: `${name} back`, profile, triggers }, points)
}

/** Beyond the ends: the ends. */
export function placeAt(route: Route, offsetM: number, segment: number): Place {
  const fromM = at(route.offsetsM, segment)
  const span = at(route.offsetsM, segment + 1) - fromM
  const share = span > 0 ? Math.min(1, Math.max(0, (offsetM - fromM) / span)) : 0
  const mix = (values: Float64Array) =>
    at(values, segment) + (at(values, segment + 1) - at(values, segment)) * share
  return {
    latitude: mix(route.latitudes),
    longitude: mix(route.longitudes),
    headingDeg: at(route.headingsDeg, segment),
  }
}

/** The segment that holds the offset, looked for from a segment at or before it. */
export function findSegment(route: Route, offsetM: number, from = 0): number {
  const last = route.offsetsM.length - 2
  let segment = Math.min(from, last)
  while (segment < last && at(route.offsetsM, segment + 1) <= offsetM) segment++
  return segment
}

export function startOf(route: Route): Coordinates {
  return { latitude: at(route.latitudes, 0), longitude: at(route.longitudes, 0) }
}

export function endOf(route: Route): Coordinates {
  const last = route.offsetsM.length - 1
  return { latitude: at(route.latitudes, last), longitude: at(route.longitudes, last) }
}

export function listPoints(route: Route): Coordinates[] {
  return Array.from(route.latitudes, (latitude, index) => ({
    latitude,
    longitude: at(route.longitudes, index),
  }))
}

/** Great-circle distance (haversine). */
export function measureDistanceM(from: Coordinates, to: Coordinates): number {
  const sineLatitude = Math.sin(((to.latitude - from.latitude) * RADIANS) / 2)
  const sineLongitude = Math.sin(((to.longitude - from.longitude) * RADIANS) / 2)
  const square =
    sineLatitude ** 2 +
    Math.cos(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * sineLongitude ** 2
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(square)))
}

/** Initial bearing, 0 north, 90 east, below 360. */
export function measureHeadingDeg(from: Coordinates, to: Coordinates): number {
  const longitude = (to.longitude - from.longitude) * RADIANS
  const east = Math.sin(longitude) * Math.cos(to.latitude * RADIANS)
  const north =
    Math.cos(from.latitude * RADIANS) * Math.sin(to.latitude * RADIANS) -
    Math.sin(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * Math.cos(longitude)
  return (((Math.atan2(east, north) / RADIANS) % 360) + 360) % 360
}

/** From -180 to 180; positive is to the right. */
export function turnDeg(fromHeadingDeg: number, toHeadingDeg: number): number {
  return ((((toHeadingDeg - fromHeadingDeg) % 360) + 540) % 360) - 180
}

/** @throws RangeError where a plain index would hand out undefined */
export function at(values: Float64Array, index: number): number {
  const value = values[index]
  if (value === undefined) throw new RangeError(`no value ${index} of ${values.length}`)
  return value
}
