import { MAX_PRECISION, tileOf } from '../../../../domain/geotile.ts'
import type { Searcher } from './search.ts'
import type { Tile, Tiles } from './tiles.ts'

/** Some 10 MB. */
const KNOWN_MAX = 100_000
/** OpenSearch's bound of one answer is 10,000; hashes can be alike. */
const LOOKUP_MAX = 5000
const ORDER = 'fleetgrid.order'
const VIN = 'fleetgrid.vin'
const POSITION = 'fleetgrid.position'

/**
 * VINs by `fleetgrid.order`, which is a hash of theirs and all that a tile can tell of its vehicle
 * cheaply: the VIN itself makes the aggregation ten times slower. A VIN's hash never changes, so
 * what has been read once holds, and reading it later is as good as at the moment of the answer.
 */
export class VinLookup {
  readonly #searcher: Searcher
  readonly #alias: string
  readonly #known = new Map<number, string>()

  constructor(searcher: Searcher, alias: string) {
    this.#searcher = searcher
    this.#alias = alias
  }

  /** VINs of the vehicles that are alone in their tile. */
  async find({ tiles, precision }: Tiles): Promise<ReadonlyMap<Tile, string>> {
    const found = new Map<Tile, string>()
    const missing: Tile[] = []
    for (const tile of tiles) {
      if (tile.count !== 1) continue
      const vin = this.#known.get(tile.order)
      if (vin === undefined) missing.push(tile)
      else found.set(tile, vin)
    }
    for (let start = 0; start < missing.length; start += LOOKUP_MAX) {
      const some = missing.slice(start, start + LOOKUP_MAX)
      const candidates = await this.#read(some.map(({ order }) => order))
      for (const tile of some) {
        const vins = candidates.get(tile.order) ?? []
        const [vin, other] = vins
        if (vin === undefined) continue
        const isOnly = other === undefined
        found.set(tile, isOnly ? vin : await this.#choose(vins, tile, precision))
        if (isOnly) this.#remember(tile.order, vin)
      }
    }
    return found
  }

  async #read(orders: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
    const { hits } = await this.#searcher.search(
      { alias: this.#alias },
      {
        query: { constant_score: { filter: { terms: { [ORDER]: orders } } } },
        size: LOOKUP_MAX * 2,
        track_total_hits: false,
        _source: false,
        stored_fields: '_none_',
        docvalue_fields: [VIN, ORDER],
      },
    )
    const vins = new Map<number, string[]>()
    for (const { fields } of hits.hits) {
      const order = Number(fields?.[ORDER]?.[0])
      const vin = String(fields?.[VIN]?.[0])
      const others = vins.get(order)
      if (others === undefined) vins.set(order, [vin])
      else others.push(vin)
    }
    return vins
  }

  /** Two VINs have one hash, once in thousands of fleets: the one that is in the tile. */
  async #choose(vins: readonly string[], tile: Tile, precision: number): Promise<string> {
    const sources = await Promise.all(
      vins.map((vin) => this.#searcher.get<Located>(this.#alias, vin, [POSITION])),
    )
    const shift = MAX_PRECISION - precision
    const index = sources.findIndex((source) => {
      const [longitude, latitude] = source?.fleetgrid?.position ?? []
      if (longitude === undefined || latitude === undefined) return false
      const { x, y } = tileOf({ longitude, latitude })
      return x >> shift === tile.x && y >> shift === tile.y
    })
    return vins[Math.max(0, index)] ?? ''
  }

  #remember(order: number, vin: string): void {
    this.#known.set(order, vin)
    const [oldest] = this.#known.keys()
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest)
  }
}

interface Located {
  readonly fleetgrid?: { readonly position?: readonly [number, number] }
}
