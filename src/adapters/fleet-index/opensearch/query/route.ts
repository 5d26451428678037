import type { Position } from '../../../../domain/position.ts'
import type { Hit, Pit, Searcher } from './search.ts'

const VIN = 'fleetgrid.vin'
const AT = 'fleetgrid.at'
const ID = 'fleetgrid.id'
const TRIP = 'fleetgrid.trip'

/** 70 minutes. A trip without end is cut to its newest 200 of those in which it has telemetry. */
const SPAN_MS = 2 ** 22
const SPANS_MAX = 200
const PAGE_SIZE = 5000
/** Ten days at one reading a second. */
const POINTS_MAX = 864_000

interface Located {
  readonly fleetgrid?: { readonly position?: readonly [number, number] }
}

/** Of a trip id that several vehicles use, the one that used it last. */
export async function readRoute(
  searcher: Searcher,
  alias: string,
  tripId: string,
): Promise<Position[] | undefined> {
  const latest = await searcher.search(
    { history: alias },
    {
      query: { bool: { filter: [{ term: { [TRIP]: tripId } }] } },
      size: 1,
      sort: [{ [AT]: 'desc' }, { [VIN]: 'asc' }],
      track_total_hits: false,
      _source: false,
    },
  )
  const vin = latest.hits.hits[0]?.sort[1]
  if (vin === undefined) return undefined
  const filter = [{ term: { [TRIP]: tripId } }, { term: { [VIN]: vin } }]
  return searcher.atOneMoment(alias, async (pit) => {
    const from = await firstSpan(searcher, pit, filter)
    return readPoints(searcher, pit, [...filter, { range: { [AT]: { gte: from } } }])
  })
}

/** Where the oldest span begins that still counts. */
async function firstSpan(searcher: Searcher, pit: Pit, filter: readonly object[]): Promise<number> {
  const span = { histogram: { field: AT, interval: SPAN_MS, order: 'desc' } }
  const composite = { sources: [{ span }], size: SPANS_MAX }
  const answer = await searcher.search(pit, {
    query: { bool: { filter } },
    size: 0,
    track_total_hits: false,
    aggs: { spans: { composite } },
  })
  const { spans } = answer.aggregations as {
    spans: { buckets: readonly { readonly key: { readonly span: number } }[] }
  }
  return spans.buckets.at(-1)?.key.span ?? 0
}

async function readPoints(
  searcher: Searcher,
  pit: Pit,
  filter: readonly object[],
): Promise<Position[]> {
  const points: Position[] = []
  let after: Hit<unknown>['sort'] | undefined
  do {
    const { hits } = await searcher.search<Located>(pit, {
      query: { bool: { filter: [...filter, { exists: { field: 'fleetgrid.position' } }] } },
      size: PAGE_SIZE,
      // The newest first, because those are what is wanted of too many.
      sort: [{ [AT]: 'desc' }, { [ID]: 'desc' }],
      track_total_hits: false,
      _source: ['fleetgrid.position'],
      ...(after === undefined ? {} : { search_after: after }),
    })
    for (const { _source } of hits.hits) {
      const [longitude, latitude] = _source.fleetgrid?.position ?? []
      if (longitude !== undefined && latitude !== undefined) points.push({ longitude, latitude })
    }
    after = hits.hits.length < PAGE_SIZE ? undefined : hits.hits.at(-1)?.sort
  } while (after !== undefined && points.length < POINTS_MAX)
  return points.reverse()
}
