import type { JsonObject } from '../../../../domain/json.ts'
import type { VehicleView } from '../../../../domain/vehicle.ts'
import type {
  Aggregate,
  AggregateQuery,
  Cluster,
  Facets,
  Page,
  Paged,
} from '../../../../ports/fleet-index.ts'
import { VIEW_MEMBERS } from '../read-document.ts'
import { cutPage } from './cut-page.ts'
import {
  areComplete,
  FACET_AGGREGATIONS,
  type FacetAnswer,
  readAllFacets,
  readFacets,
} from './facets.ts'
import { PrecisionMemory, precisionWithin } from './precision-memory.ts'
import type { Hit, SearchAnswer, SearchBody, Searcher, Target } from './search.ts'
import { coarsenTo, readTiles, type TileBucket, type Tiles } from './tiles.ts'
import { vehicleQuery } from './vehicle-query.ts'
import { viewOf } from './view-of.ts'
import { VinLookup } from './vin-lookup.ts'

/**
 * OpenSearch gives 65,535 buckets at most, and of more tiles than asked for it drops the smallest in
 * silence. So more are asked for than may come; an answer that has all of those is not used.
 */
const TILES_MAX = 60_000
const TILES_MIN = 1000

interface Answer {
  readonly count: number
  readonly facets: FacetAnswer
  /** Undefined where none were asked for. */
  readonly tiles: Tiles | undefined
  readonly hits: readonly Hit<JsonObject>[]
}

/**
 * Everything is in one answer of OpenSearch, and so of one moment: tiles one step finer than what
 * fits, which are merged here. That they are too many proves that the map is no coarser than
 * needed. Only when the guess at the precision was wrong, or there are more than a thousand trouble
 * codes, is it asked again as a whole.
 */
export class VehicleAggregator {
  readonly #searcher: Searcher
  readonly #alias: string
  readonly #memory = new PrecisionMemory()
  readonly #vins: VinLookup

  constructor(searcher: Searcher, alias: string) {
    this.#searcher = searcher
    this.#alias = alias
    this.#vins = new VinLookup(searcher, alias)
  }

  async aggregate(query: AggregateQuery): Promise<Aggregate> {
    const answer = await this.#answer({ alias: this.#alias }, query)
    if (areComplete(answer.facets)) return this.#render(query, answer, readFacets(answer.facets))
    return this.#searcher.atOneMoment(this.#alias, async (pit) => {
      const whole = await this.#answer(pit, query)
      const facets = await readAllFacets(this.#searcher, pit, vehicleQuery(query.filter, true))
      return this.#render(query, whole, facets)
    })
  }

  async #answer(target: Target, query: AggregateQuery): Promise<Answer> {
    const { precision: wanted, maxClusters } = query
    if (wanted === undefined) return this.#ask(target, query)
    const tilesMax = Math.min(TILES_MAX, Math.max(TILES_MIN, maxClusters * 4))
    let precision = this.#guess(query, wanted, tilesMax)
    let tooFine = wanted + 1
    let best: Answer | undefined
    while (true) {
      const answer = await this.#ask(target, query, precision, tilesMax)
      const found = answer.tiles?.tiles.length ?? 0
      if (found > tilesMax) {
        tooFine = precision
        const fits = best?.tiles?.precision ?? precisionWithin(query.filter.boundaries, tilesMax)
        if (best !== undefined && fits === precision - 1) return best
        precision = Math.min(precision - 1, Math.ceil((fits + precision) / 2))
      } else if (found > maxClusters || precision + 1 === tooFine) {
        return answer
      } else {
        best = answer
        precision = finerThan(answer, precision, tilesMax, tooFine)
      }
    }
  }

  #guess(query: AggregateQuery, wanted: number, tilesMax: number): number {
    const { boundaries, vins } = query.filter
    if (vins.length > 0 && vins.length <= tilesMax) return wanted
    const remembered = this.#memory.find(query)
    if (remembered !== undefined) return Math.min(wanted, remembered + 1)
    // Vehicles are where roads are: seldom on a quarter of the tiles.
    return Math.min(wanted, precisionWithin(boundaries, tilesMax) + 1)
  }

  async #ask(
    target: Target,
    { filter, page }: AggregateQuery,
    precision?: number,
    tilesMax = 0,
  ): Promise<Answer> {
    const answer = await this.#searcher.search(target, {
      query: vehicleQuery(filter, true),
      ...pageBody(page),
      track_total_hits: true,
      aggs: {
        ...FACET_AGGREGATIONS,
        ...(precision === undefined ? {} : { tiles: tileAggregation(precision, tilesMax + 1) }),
      },
    })
    return readAnswer(answer, precision)
  }

  async #render(query: AggregateQuery, answer: Answer, facets: Facets): Promise<Aggregate> {
    const { count, hits, tiles } = answer
    return {
      vehicleCount: count,
      facets,
      clusters: tiles === undefined ? [] : await this.#clusters(query, tiles),
      vehicles: await this.#page(query, hits),
    }
  }

  async #clusters(query: AggregateQuery, fine: Tiles): Promise<Cluster[]> {
    const coarse = coarsenTo(fine, query.maxClusters)
    const { precision } = coarse
    this.#memory.remember(query, precision)
    const vins = await this.#vins.find(coarse)
    return coarse.tiles.map((tile): Cluster => {
      const { x, y, count } = tile
      const vin = vins.get(tile)
      return vin === undefined ? { precision, x, y, count } : { precision, x, y, count, vin }
    })
  }

  async #page(
    { filter, page }: AggregateQuery,
    hits: readonly Hit<JsonObject>[],
  ): Promise<Paged<VehicleView>> {
    let limit = page.limit
    let cut = cutPage(hits, limit)
    while (cut === undefined) {
      // More vehicles with one hash than the page may hold: never seen, but no reason to skip any.
      limit *= 2
      const body = { query: vehicleQuery(filter, true), ...pageBody({ ...page, limit }) }
      cut = cutPage((await this.#searcher.search({ alias: this.#alias }, body)).hits.hits, limit)
    }
    return {
      items: cut.hits.map(({ _source }) => viewOf(_source)),
      next: cut.last === undefined ? undefined : Number(cut.last[0]),
    }
  }
}

/** One more than the page shows that there is a next. */
function pageBody({ after, limit }: Page): Omit<SearchBody, 'query'> {
  return {
    size: limit + 1,
    sort: [{ 'fleetgrid.order': 'asc' }],
    _source: VIEW_MEMBERS,
    ...(after === 0 ? {} : { search_after: [after] }),
  }
}

function tileAggregation(precision: number, size: number): object {
  return {
    geotile_grid: { field: 'fleetgrid.position', precision, size, shard_size: size },
    aggs: { order: { max: { field: 'fleetgrid.order' } } },
  }
}

function readAnswer({ hits, aggregations }: SearchAnswer, precision: number | undefined): Answer {
  const found = aggregations as FacetAnswer & { tiles?: { buckets: readonly TileBucket[] } }
  return {
    count: hits.total?.value ?? 0,
    facets: found,
    tiles: precision === undefined ? undefined : readTiles(precision, found.tiles?.buckets ?? []),
    hits: hits.hits,
  }
}

/** So much finer that there can't be too many: each tile has four within, each vehicle one. */
function finerThan(
  { count, tiles }: Answer,
  precision: number,
  tilesMax: number,
  tooFine: number,
): number {
  if (count <= tilesMax) return tooFine - 1
  const found = Math.max(1, tiles?.tiles.length ?? 1)
  const steps = Math.max(1, Math.floor(Math.log2(tilesMax / found) / 2))
  return Math.min(tooFine - 1, precision + steps)
}
