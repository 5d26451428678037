import type { JsonObject } from '../../../../domain/json.ts'
import type { HistoryQuery, Paged } from '../../../../ports/fleet-index.ts'
import type { ConditionReport } from '../../condition-records.ts'
import { originalDocument } from '../read-document.ts'
import { cutPage } from './cut-page.ts'
import type { Hit, Searcher } from './search.ts'

const VIN = 'fleetgrid.vin'
const AT = 'fleetgrid.at'
const ID = 'fleetgrid.id'
const ORDER = 'fleetgrid.order'
const CONDITION = 'fleetgrid.condition'
const RAISES = 'fleetgrid.raises'

const NEWEST_FIRST = [{ [AT]: 'desc' }, { [ORDER]: 'desc' }] as const

/** OpenSearch's bound of one answer. */
const REPORTS_PAGE = 10_000
/** Of a vehicle that reports without end, the newest count. */
const REPORTS_MAX = 100_000

/**
 * Newest first. A page goes on after the (time, hash of the id) of the last item, so that a record
 * that arrives later neither repeats nor hides another. The cursor is the hash, which fits into a
 * number that JSON keeps exactly; its time is looked up.
 */
export async function listHistory(
  searcher: Searcher,
  alias: string,
  { vin, from, to, page: { after, limit } }: HistoryQuery,
): Promise<Paged<JsonObject>> {
  const start = after === 0 ? undefined : await positionOf(searcher, alias, vin, after)
  // The record was dropped with its day; whatever is older was dropped before it.
  if (after !== 0 && start === undefined) return { items: [], next: undefined }
  const range = {
    ...(from === undefined ? {} : { gte: from }),
    ...(to === undefined ? {} : { lte: to }),
  }
  const filter = [
    { term: { [VIN]: vin } },
    ...(from === undefined && to === undefined ? [] : [{ range: { [AT]: range } }]),
  ]
  for (let size = limit; ; size *= 2) {
    const { hits } = await searcher.search(
      { history: alias },
      {
        query: { bool: { filter } },
        size: size + 1,
        sort: NEWEST_FIRST,
        track_total_hits: false,
        ...(start === undefined ? {} : { search_after: start }),
      },
    )
    const cut = cutPage(hits.hits, size)
    if (cut !== undefined) {
      const next = cut.last === undefined ? undefined : Number(cut.last[1])
      return { items: cut.hits.map(({ _source }) => originalDocument(_source)), next }
    }
  }
}

async function positionOf(
  searcher: Searcher,
  alias: string,
  vin: string,
  order: number,
): Promise<Hit<unknown>['sort'] | undefined> {
  const { hits } = await searcher.search(
    { history: alias },
    {
      query: { bool: { filter: [{ term: { [VIN]: vin } }, { term: { [ORDER]: order } }] } },
      size: 1,
      sort: NEWEST_FIRST,
      track_total_hits: false,
      _source: false,
    },
  )
  return hits.hits[0]?.sort
}

/** What the vehicle reported of its trouble codes or anomalies, oldest first. */
export async function readReports(
  searcher: Searcher,
  alias: string,
  vin: string,
): Promise<ConditionReport[]> {
  const reports: ConditionReport[] = []
  let after: Hit<unknown>['sort'] | undefined
  do {
    const { hits } = await searcher.search(
      { history: alias },
      {
        query: { bool: { filter: [{ term: { [VIN]: vin } }] } },
        size: REPORTS_PAGE,
        sort: NEWEST_FIRST,
        track_total_hits: false,
        _source: false,
        stored_fields: '_none_',
        docvalue_fields: [AT, ID, CONDITION, RAISES],
        ...(after === undefined ? {} : { search_after: after }),
      },
    )
    for (const { fields } of hits.hits) reports.push(readReport(fields))
    after = hits.hits.length < REPORTS_PAGE ? undefined : hits.hits.at(-1)?.sort
  } while (after !== undefined && reports.length < REPORTS_MAX)
  return reports.reverse()
}

function readReport(fields: Hit<unknown>['fields'] = {}): ConditionReport {
  const condition = fields[CONDITION]?.[0]
  return {
    stamp: { at: Number(fields[AT]?.[0]), id: String(fields[ID]?.[0]) },
    condition: condition === undefined ? undefined : String(condition),
    // An anomaly says nothing but that it was seen.
    raises: fields[RAISES]?.[0] !== false,
  }
}
