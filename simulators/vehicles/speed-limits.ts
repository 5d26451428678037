import { at, findSegment, measureHeadingDeg, placeAt, type Route, turnDeg } from './route.ts'

/** How a driver of this kind treats the pedals. */
export interface DrivingStyle {
  readonly accelerationMps2: number
  readonly brakingMps2: number
  /** Factor on what the road suggests. */
  readonly haste: number
}

const NORMAL: DrivingStyle = { accelerationMps2: 1.6, brakingMps2: 2, haste: 0.97 }
const STYLES: Readonly<Record<string, DrivingStyle>> = {
  normal: NORMAL,
  aggressive: { accelerationMps2: 3, brakingMps2: 3.6, haste: 1.18 },
}

export function styleOf(profile: string): DrivingStyle {
  return STYLES[profile] ?? NORMAL
}

/** What a careful driver who knows the road would drive. */
export interface SpeedLimits {
  /** On the segment that begins at the vertex. */
  readonly roadMps: Float64Array
  /** At the vertex: low enough for its corner and for braking before all that follow. 0 at the end. */
  readonly vertexMps: Float64Array
}

const MOTORWAY_MPS = 29
const MAIN_ROAD_MPS = 19
const STREET_MPS = 13
/** Shorter routes stay in town. */
const TOWN_ROUTE_M = 10_000
const ROAD_WINDOW_M = 800
/** Map points lie a metre apart in places; a corner is what turns within this distance. */
const CORNER_REACH_M = 10

/** Read out of the geometry, the only thing that is known of the road. */
export function deriveSpeedLimits(route: Route, brakingMps2: number): SpeedLimits {
  const turns = measureTurnsDeg(route)
  const count = route.offsetsM.length
  const roadMps = deriveRoadSpeeds(route, turns)
  const vertexMps = new Float64Array(count)
  for (let vertex = count - 2; vertex >= 0; vertex--) {
    const spanM = at(route.offsetsM, vertex + 1) - at(route.offsetsM, vertex)
    const braking = Math.sqrt(at(vertexMps, vertex + 1) ** 2 + 2 * brakingMps2 * spanM)
    vertexMps[vertex] = Math.min(cornerSpeedMps(at(turns, vertex)), at(roadMps, vertex), braking)
  }
  return { roadMps, vertexMps }
}

function cornerSpeedMps(turn: number): number {
  if (turn < 15) return MOTORWAY_MPS
  if (turn < 35) return 15
  if (turn < 60) return 10
  if (turn < 110) return 6
  return 3.5
}

function measureTurnsDeg(route: Route): Float64Array {
  const turns = new Float64Array(route.offsetsM.length)
  let behind = 0
  for (let vertex = 1; vertex < turns.length - 1; vertex++) {
    const offsetM = at(route.offsetsM, vertex)
    behind = findSegment(route, offsetM - CORNER_REACH_M, behind)
    const ahead = findSegment(route, offsetM + CORNER_REACH_M, vertex)
    const before = placeAt(route, offsetM - CORNER_REACH_M, behind)
    const here = placeAt(route, offsetM, vertex)
    const after = placeAt(route, offsetM + CORNER_REACH_M, ahead)
    turns[vertex] = Math.abs(
      turnDeg(measureHeadingDeg(before, here), measureHeadingDeg(here, after)),
    )
  }
  return turns
}

/** Straight for a long way is a motorway, winding is a street. */
function deriveRoadSpeeds(route: Route, turns: Float64Array): Float64Array {
  const count = route.offsetsM.length
  const roadMps = new Float64Array(count)
  const fastestMps = route.lengthM < TOWN_ROUTE_M ? MAIN_ROAD_MPS : MOTORWAY_MPS
  let first = 0
  let next = 0
  let sum = 0
  for (let vertex = 0; vertex < count; vertex++) {
    const offsetM = at(route.offsetsM, vertex)
    while (next < count && at(route.offsetsM, next) <= offsetM + ROAD_WINDOW_M) {
      sum += at(turns, next++)
    }
    while (at(route.offsetsM, first) < offsetM - ROAD_WINDOW_M) sum -= at(turns, first++)
    const turnPerKm = sum / ((2 * ROAD_WINDOW_M) / 1000)
    const suggestedMps =
      turnPerKm < 120 ? MOTORWAY_MPS : turnPerKm < 300 ? MAIN_ROAD_MPS : STREET_MPS
    roadMps[vertex] = Math.min(fastestMps, suggestedMps)
  }
  return roadMps
}
