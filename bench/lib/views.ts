import { CITY } from './fleet.ts'

export type Box = readonly [west: number, south: number, east: number, north: number]

/** What a map of 1,600 × 900 points shows at that zoom, with the city in its middle. */
export function viewOf(zoom: number): Box {
  const degrees = 360 / (256 * 2 ** zoom)
  const [longitude, latitude] = CITY
  const [width, height] = [Math.min(1600 * degrees, 359), Math.min(900 * degrees * 0.8, 160)]
  const clamp = (value: number): number => Math.max(-85, Math.min(85, value))
  return [
    longitude - width / 2,
    clamp(latitude - height / 2),
    longitude + width / 2,
    clamp(latitude + height / 2),
  ]
}

/** The same a little to the side, so that no cache knows the answer. */
export function shifted([west, south, east, north]: Box, number: number): Box {
  const step = ((east - west) / 1e5) * number
  return [west + step, south, east + step, north]
}
