import { setImmediate as nextTurn } from 'node:timers/promises'
import polyline from '@mapbox/polyline'
import type { Position } from '../domain/position.ts'

/** Points encoded in one go; more would hold the main thread. */
const POINTS_PER_TURN = 5000

/** Encoded polyline of precision 5, latitude before longitude; every point, revisited ones too. */
export async function encodeRoute(positions: readonly Position[]): Promise<string> {
  let encoded = ''
  for (let start = 0; start < positions.length; start += POINTS_PER_TURN) {
    if (start > 0) await nextTurn()
    encoded += encodePart(positions, start)
  }
  return encoded
}

/** Each point is encoded as its distance from the one before, so that parts can be joined. */
function encodePart(positions: readonly Position[], start: number): string {
  const points = positions.slice(Math.max(0, start - 1), start + POINTS_PER_TURN).map(toPoint)
  const encoded = polyline.encode(points)
  return start === 0 ? encoded : encoded.slice(polyline.encode(points.slice(0, 1)).length)
}

function toPoint({ latitude, longitude }: Position): [number, number] {
  return [latitude, longitude]
}
