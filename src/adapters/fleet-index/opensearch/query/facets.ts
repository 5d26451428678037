import type { Facet, Facets } from '../../../../ports/fleet-index.ts'
import type { Pit, SearchBody, Searcher } from './search.ts'

const FIELDS = { anomalies: 'anomalies.anomaly_type', troubleCodes: 'trouble_codes.code' } as const
type FacetName = keyof typeof FIELDS
const NAMES: readonly FacetName[] = ['anomalies', 'troubleCodes']

/** As many ids as come with the answer itself; a fleet that has more is asked a second time. */
const IDS_MAX = 1000
/** Ids in one of those further answers. */
const PAGE_SIZE = 10_000

interface Terms {
  readonly sum_other_doc_count: number
  readonly buckets: readonly { readonly key: string; readonly doc_count: number }[]
}

export type FacetAnswer = Readonly<Record<FacetName, Terms>>

/**
 * On the copies of the nested entries in the document itself, so that vehicles are counted. Every
 * shard gives all its ids as long as there are no more of them, so that the counts are exact.
 */
export const FACET_AGGREGATIONS: NonNullable<SearchBody['aggs']> = Object.fromEntries(
  NAMES.map((name) => [
    name,
    { terms: { field: FIELDS[name], size: IDS_MAX, shard_size: IDS_MAX } },
  ]),
)

export function areComplete(answer: FacetAnswer): boolean {
  return NAMES.every((name) => answer[name].sum_other_doc_count === 0)
}

export function readFacets(answer: FacetAnswer): Facets {
  const facetsOf = (name: FacetName): Facet[] =>
    inOrder(answer[name].buckets.map(({ key, doc_count }) => ({ id: key, count: doc_count })))
  return { anomalies: facetsOf('anomalies'), troubleCodes: facetsOf('troubleCodes') }
}

/** Any number of ids, page by page. */
export async function readAllFacets(searcher: Searcher, pit: Pit, query: object): Promise<Facets> {
  const facetsOf = async (name: FacetName): Promise<Facet[]> => {
    const facets: Facet[] = []
    let after: object | undefined
    do {
      const sources = [{ id: { terms: { field: FIELDS[name] } } }]
      const composite = { sources, size: PAGE_SIZE, ...(after === undefined ? {} : { after }) }
      const body = { query, size: 0, track_total_hits: false, aggs: { ids: { composite } } }
      const { ids } = (await searcher.search(pit, body)).aggregations as CompositeAnswer
      for (const { key, doc_count } of ids.buckets) facets.push({ id: key.id, count: doc_count })
      after = ids.after_key
    } while (after !== undefined)
    return inOrder(facets)
  }
  return { anomalies: await facetsOf('anomalies'), troubleCodes: await facetsOf('troubleCodes') }
}

interface CompositeAnswer {
  readonly ids: {
    readonly after_key?: object
    readonly buckets: readonly {
      readonly key: { readonly id: string }
      readonly doc_count: number
    }[]
  }
}

function inOrder(facets: Facet[]): Facet[] {
  return facets.sort((left, right) => right.count - left.count || (left.id < right.id ? -1 : 1))
}
