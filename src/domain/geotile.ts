import type { BoundingBox } from './bounding-box.ts'
import type { Position } from './position.ts'

/** Highest precision of a web-mercator tile, as in OpenSearch's geotile_grid. */
export const MAX_PRECISION = 29

/** The web-mercator limit; beyond it everything belongs to the outermost row. */
const MAX_LATITUDE = 85.051_128_779_806_59

/** Column and row at precision 29; shift right by (29 - precision) for a coarser tile. */
export interface Tile {
  readonly x: number
  readonly y: number
}

/** The original's rule: seven levels below the map's zoom. */
export function precisionForZoom(zoom: number): number {
  return Math.max(0, Math.min(MAX_PRECISION, Math.floor(zoom) + 7))
}

export function tileOf({ longitude, latitude }: Position): Tile {
  const tiles = 2 ** MAX_PRECISION
  const clamped = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude))
  const sine = Math.sin((clamped * Math.PI) / 180)
  const x = (longitude + 180) / 360
  const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)
  return { x: bounded(Math.floor(x * tiles), tiles), y: bounded(Math.floor(y * tiles), tiles) }
}

function bounded(index: number, tiles: number): number {
  return Math.max(0, Math.min(tiles - 1, index))
}

/** Borders of tile x/y at the given precision, in degrees. */
export function tileBounds(precision: number, x: number, y: number): BoundingBox {
  const tiles = 2 ** precision
  return {
    west: (x / tiles) * 360 - 180,
    south: latitudeOfRow(y + 1, tiles),
    east: ((x + 1) / tiles) * 360 - 180,
    north: latitudeOfRow(y, tiles),
  }
}

function latitudeOfRow(row: number, tiles: number): number {
  // The outermost rows also hold what lies beyond the mercator limit.
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / tiles))) * 180) / Math.PI
}
