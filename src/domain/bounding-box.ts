import { publicError } from './errors.ts'
import type { Position } from './position.ts'

/** Degrees; west ≤ east always: a box across 180° is two of these. Borders belong to the box. */
export interface BoundingBox {
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

export const WHOLE_WORLD: BoundingBox = { west: -180, south: -90, east: 180, north: 90 }

/**
 * `[left, bottom, right, top]` of a caller → one or two boxes. Map libraries give longitudes
 * beyond ±180° when the view crosses the date line, and left > right means the same.
 * @throws FleetgridError `invalid`, with the field's name
 */
export function parseBoundingBox(numbers: readonly number[], field: string): BoundingBox[] {
  const [left, south, right, north] = numbers
  if (
    numbers.length !== 4 ||
    left === undefined ||
    south === undefined ||
    right === undefined ||
    north === undefined ||
    !numbers.every(Number.isFinite)
  ) {
    throw publicError('invalid', `${field} must be [left, bottom, right, top] in degrees`, {
      field,
    })
  }
  if (south < -90 || north > 90 || south > north) {
    throw publicError(
      'invalid',
      `${field}: bottom and top must satisfy -90 <= bottom <= top <= 90`,
      {
        field,
      },
    )
  }
  if (right - left >= 360) return [{ west: -180, south, east: 180, north }]
  const west = wrapLongitude(left)
  const east = wrapLongitude(right)
  if (west <= east) return [{ west, south, east, north }]
  return [
    { west, south, east: 180, north },
    { west: -180, south, east, north },
  ]
}

function wrapLongitude(longitude: number): number {
  if (longitude >= -180 && longitude <= 180) return longitude
  return ((((longitude + 180) % 360) + 360) % 360) - 180
}

export function contains(box: BoundingBox, { longitude, latitude }: Position): boolean {
  return (
    longitude >= box.west && longitude <= box.east && latitude >= box.south && latitude <= box.north
  )
}
