/** Occupied tiles of one precision. */
export interface Tiles {
  readonly precision: number
  readonly tiles: readonly Tile[]
}

export interface Tile {
  readonly x: number
  readonly y: number
  readonly count: number
  /** `fleetgrid.order` of the vehicle with the greatest: of the only one, where count is 1. */
  readonly order: number
}

/** A bucket of geotile_grid with `max` of the order. */
export interface TileBucket {
  /** precision/x/y */
  readonly key: string
  readonly doc_count: number
  readonly order: { readonly value: number }
}

export function readTiles(precision: number, buckets: readonly TileBucket[]): Tiles {
  const tiles = buckets.map(({ key, doc_count, order }) => {
    const first = key.indexOf('/')
    const second = key.indexOf('/', first + 1)
    return {
      x: Number(key.slice(first + 1, second)),
      y: Number(key.slice(second + 1)),
      count: doc_count,
      order: order.value,
    }
  })
  return { precision, tiles }
}

/** Merges tiles into those around them until no more than `tilesMax` are left. */
export function coarsenTo(fine: Tiles, tilesMax: number): Tiles {
  let { precision, tiles } = fine
  while (tiles.length > tilesMax && precision > 0) {
    precision -= 1
    tiles = merge(tiles, precision)
  }
  return { precision, tiles }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function merge(tiles: readonly Tile[], precision: number): Tile[] {
  const merged = new Map<number | string, Mutable<Tile>>()
  for (const tile of tiles) {
    const x = tile.x >> 1
    const y = tile.y >> 1
    // Exact as a number up to 2 × 26 bits.
    const key = precision <= 26 ? x * 2 ** precision + y : `${x}/${y}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { x, y, count: tile.count, order: tile.order })
    else known.count += tile.count
  }
  return [...merged.values()]
}
