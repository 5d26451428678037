import { type BoundingBox, WHOLE_WORLD } from '../../../../domain/bounding-box.ts'
import { MAX_PRECISION, tileOf } from '../../../../domain/geotile.ts'
import type { AggregateQuery } from '../../../../ports/fleet-index.ts'

const ENTRIES_MAX = 1000
const KEY_LENGTH_MAX = 2000

/**
 * How fine the tiles of a map can be depends on where its vehicles are, which only an answer tells.
 * What the last one told about this part of the map, or another one at the same zoom, saves the next
 * a second question; a wrong guess costs one.
 */
export class PrecisionMemory {
  readonly #known = new Map<string, number>()

  /** The precision of the answer before, if there was one. */
  find(query: AggregateQuery): number | undefined {
    const [here, anywhere] = keysOf(query)
    return this.#known.get(here) ?? this.#known.get(anywhere)
  }

  remember(query: AggregateQuery, precision: number): void {
    for (const key of keysOf(query)) {
      if (key.length > KEY_LENGTH_MAX) continue
      this.#known.delete(key)
      this.#known.set(key, precision)
      const [oldest] = this.#known.keys()
      if (this.#known.size > ENTRIES_MAX && oldest !== undefined) this.#known.delete(oldest)
    }
  }
}

/** The highest precision at which the boxes have no more than so many tiles, occupied or not. */
export function precisionWithin(boxes: readonly BoundingBox[], tilesMax: number): number {
  const corners = (boxes.length === 0 ? [WHOLE_WORLD] : boxes).map((box) => ({
    first: tileOf({ longitude: box.west, latitude: box.north }),
    last: tileOf({ longitude: box.east, latitude: box.south }),
  }))
  for (let precision = MAX_PRECISION; precision > 0; precision -= 1) {
    const shift = MAX_PRECISION - precision
    let tiles = 0
    for (const { first, last } of corners) {
      const columns = (last.x >> shift) - (first.x >> shift) + 1
      // One row more: OpenSearch rounds positions down.
      const rows = (last.y >> shift) - (first.y >> shift) + 2
      tiles += columns * rows
    }
    if (tiles <= tilesMax) return precision
  }
  return 0
}

/** Here: within some eight tiles of a map at this zoom. */
function keysOf({ filter, precision, maxClusters }: AggregateQuery): [string, string] {
  const { boundaries, ...rest } = filter
  const anywhere = JSON.stringify([precision, maxClusters, rest])
  const [box] = boundaries
  if (box === undefined) return [anywhere, anywhere]
  const width = Math.max(box.east - box.west, 1e-6)
  const height = Math.max(box.north - box.south, 1e-6)
  const size = Math.round(Math.log2(width))
  const cell = 2 ** size / 2
  const column = Math.round((box.west + width / 2) / cell)
  const row = Math.round((box.south + height / 2) / cell)
  return [`${anywhere} ${size} ${column} ${row}`, `${anywhere} ${size}`]
}
