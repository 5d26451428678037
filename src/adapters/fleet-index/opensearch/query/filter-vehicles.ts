import type { JsonObject } from '../../../../domain/json.ts'
import type { VehicleView } from '../../../../domain/vehicle.ts'
import type { Facets, FilteredVehicles, VehicleFilter } from '../../../../ports/fleet-index.ts'
import { VIEW_MEMBERS } from '../read-document.ts'
import {
  areComplete,
  FACET_AGGREGATIONS,
  type FacetAnswer,
  readAllFacets,
  readFacets,
} from './facets.ts'
import type { Hit, Pit, SearchBody, Searcher } from './search.ts'
import { vehicleQuery } from './vehicle-query.ts'
import { viewOf } from './view-of.ts'

/** Vehicles in one piece: more would hold up the event loop while they are parsed. */
const PIECE_MAX = 500

/** VIN descending, page by page out of one moment, which ends with the last page. */
export async function filterVehicles(
  searcher: Searcher,
  alias: string,
  filter: VehicleFilter,
  limit: number,
): Promise<FilteredVehicles> {
  const query = vehicleQuery(filter, false)
  const pit = await searcher.openPit(alias)
  let isRead = true
  try {
    const { hits, aggregations } = await searcher.search(pit, {
      ...pageBody(query, limit),
      track_total_hits: true,
      aggs: FACET_AGGREGATIONS,
    })
    const facets = await facetsOf(searcher, pit, query, aggregations as FacetAnswer)
    isRead = hits.hits.length < PIECE_MAX || limit <= PIECE_MAX
    const rest = isRead ? undefined : { searcher, pit, query, limit: limit - hits.hits.length }
    return {
      vehicleCount: hits.total?.value ?? 0,
      facets,
      vehicles: piecesOf(hits.hits, rest),
    }
  } finally {
    if (isRead) await searcher.closePit(pit)
  }
}

async function facetsOf(
  searcher: Searcher,
  pit: Pit,
  query: object,
  answer: FacetAnswer,
): Promise<Facets> {
  return areComplete(answer) ? readFacets(answer) : readAllFacets(searcher, pit, query)
}

interface Rest {
  readonly searcher: Searcher
  readonly pit: Pit
  readonly query: object
  readonly limit: number
}

async function* piecesOf(
  first: readonly Hit<JsonObject>[],
  rest: Rest | undefined,
): AsyncGenerator<readonly VehicleView[]> {
  try {
    if (first.length > 0) yield first.map(({ _source }) => viewOf(_source))
    if (rest !== undefined) yield* furtherPieces(first.at(-1)?.sort, rest)
  } finally {
    if (rest !== undefined) await rest.searcher.closePit(rest.pit)
  }
}

async function* furtherPieces(
  last: Hit<unknown>['sort'] | undefined,
  { searcher, pit, query, limit }: Rest,
): AsyncGenerator<readonly VehicleView[]> {
  let after = last
  let left = limit
  while (left > 0 && after !== undefined) {
    const body = { ...pageBody(query, left), search_after: after, track_total_hits: false }
    const { hits } = (await searcher.search(pit, body)).hits
    if (hits.length > 0) yield hits.map(({ _source }) => viewOf(_source))
    left -= hits.length
    after = hits.length < PIECE_MAX ? undefined : hits.at(-1)?.sort
  }
}

function pageBody(query: object, limit: number): SearchBody {
  return {
    query,
    size: Math.min(PIECE_MAX, limit),
    sort: [{ 'fleetgrid.vin': 'desc' }],
    _source: VIEW_MEMBERS,
  }
}
