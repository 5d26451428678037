import type { BoundingBox } from '../domain/bounding-box.ts'
import { tileBounds } from '../domain/geotile.ts'
import type { Cluster as FoundCluster } from '../ports/fleet-index.ts'
import type { Cluster } from './vehicle-schemas.ts'

/**
 * A tile as the map draws it: cropped to what was asked for, so that its circle is not drawn
 * outside the view. With several boxes it is cropped to what encloses its parts in them: the
 * original, cropping to one box at a time, counted a vehicle once a box (defect 12).
 */
export function renderCluster(found: FoundCluster, boxes: readonly BoundingBox[]): Cluster {
  const { precision, x, y, count, vin } = found
  const { west, south, east, north } = crop(tileBounds(precision, x, y), boxes)
  return {
    coordinates: [(west + east) / 2, (south + north) / 2],
    properties: {
      bbox: [west, south, east, north],
      key: `${precision}/${x}/${y}`,
      count,
      ...(vin === undefined ? {} : { vin }),
    },
  }
}

function crop(tile: BoundingBox, boxes: readonly BoundingBox[]): BoundingBox {
  let envelope: BoundingBox | undefined
  for (const box of boxes) {
    const part = intersect(tile, box)
    if (part === undefined) continue
    envelope = envelope === undefined ? part : enclose(envelope, part)
  }
  // Beyond the mercator limit a vehicle belongs to a tile that its box doesn't touch.
  return envelope ?? tile
}

function intersect(left: BoundingBox, right: BoundingBox): BoundingBox | undefined {
  const west = Math.max(left.west, right.west)
  const south = Math.max(left.south, right.south)
  const east = Math.min(left.east, right.east)
  const north = Math.min(left.north, right.north)
  return west > east || south > north ? undefined : { west, south, east, north }
}

function enclose(left: BoundingBox, right: BoundingBox): BoundingBox {
  return {
    west: Math.min(left.west, right.west),
    south: Math.min(left.south, right.south),
    east: Math.max(left.east, right.east),
    north: Math.max(left.north, right.north),
  }
}
