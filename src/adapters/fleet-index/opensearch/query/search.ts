import type { JsonObject } from '../../../../domain/json.ts'
import { type EngineClient, EngineError } from '../client.ts'
import { closePointInTime, openPointInTime } from '../point-in-time.ts'

export interface SearchBody {
  readonly query?: object
  readonly size: number
  readonly sort?: readonly Readonly<Record<string, 'asc' | 'desc'>>[]
  readonly search_after?: readonly (number | string)[]
  readonly track_total_hits?: boolean
  readonly _source?: boolean | readonly string[]
  readonly docvalue_fields?: readonly string[]
  /** `_none_`: not even the id is fetched, which is what makes a hit expensive. */
  readonly stored_fields?: '_none_'
  readonly aggs?: Readonly<Record<string, object>>
}

export interface Hit<Source> {
  readonly _source: Source
  readonly sort: readonly (number | string)[]
  readonly fields?: Readonly<Record<string, readonly (string | number | boolean)[]>>
}

export interface SearchAnswer<Source = JsonObject> {
  readonly hits: {
    readonly total?: { readonly value: number }
    readonly hits: readonly Hit<Source>[]
  }
  /** As asked for; each reader knows the shape of its own. */
  readonly aggregations?: unknown
}

/** One moment of an alias. */
export interface Pit {
  readonly pit: string
}

/** An alias; one of histories, which doesn't exist before the first record; or one moment. */
export type Target = { readonly alias: string } | { readonly history: string } | Pit

/** Who reads on must come within this time; the slowest stream of an answer is cut after two minutes. */
const PIT_KEEP_ALIVE = '3m'

const MAY_BE_MISSING = { ignore_unavailable: true, allow_no_indices: true }
/** An answer without all of its shards is none. */
const COMPLETE = { allow_partial_search_results: false }
/** The rest of an answer says what we asked or is for people; it can be most of the bytes. */
const FILTER_PATH =
  'hits.total.value,hits.hits._source,hits.hits.sort,hits.hits.fields,aggregations'

/**
 * Where many look at the same map, one second's answer serves all: OpenSearch forgets it at the
 * next refresh that brings a change.
 */
const CACHED = { request_cache: true }

/** Searches of one OpenSearch, checked to be whole. Failures are the client's, with advice. */
export class Searcher {
  readonly #client: EngineClient

  constructor(client: EngineClient) {
    this.#client = client
  }

  async search<Source = JsonObject>(
    target: Target,
    body: SearchBody,
  ): Promise<SearchAnswer<Source>> {
    const { body: answer } = await this.#client.request<Partial<SearchAnswer<Source>>>({
      method: 'POST',
      path: pathOf(target),
      query: {
        ...('history' in target ? MAY_BE_MISSING : {}),
        ...('alias' in target && body.aggs !== undefined ? CACHED : {}),
        ...COMPLETE,
        filter_path: FILTER_PATH,
      },
      body:
        'pit' in target ? { ...body, pit: { id: target.pit, keep_alive: PIT_KEEP_ALIVE } } : body,
    })
    const { total, hits = [] } = answer.hits ?? {}
    return { ...answer, hits: { ...(total === undefined ? {} : { total }), hits } }
  }

  /** By id, also what no refresh has made searchable yet. */
  async get<Source>(
    alias: string,
    id: string,
    fields: readonly string[],
  ): Promise<Source | undefined> {
    const path = `/${encodeURIComponent(alias)}/_doc/${encodeURIComponent(id)}`
    const { body } = await this.#client.request<{
      readonly _source?: Source
      readonly error?: object
    }>({
      method: 'GET',
      path,
      query: { _source_includes: fields.join(',') },
      expect: [404],
    })
    if (body.error !== undefined) throw new EngineError(`OpenSearch has no index ${alias}.`)
    return body._source
  }

  /** Close it. */
  async openPit(alias: string): Promise<Pit> {
    return { pit: await openPointInTime(this.#client, alias, PIT_KEEP_ALIVE) }
  }

  /** Never fails. */
  closePit({ pit }: Pit): Promise<void> {
    return closePointInTime(this.#client, pit)
  }

  async atOneMoment<T>(alias: string, read: (pit: Pit) => Promise<T>): Promise<T> {
    const pit = await this.openPit(alias)
    try {
      return await read(pit)
    } finally {
      await this.closePit(pit)
    }
  }
}

function pathOf(target: Target): string {
  if ('pit' in target) return '/_search'
  const alias = 'history' in target ? target.history : target.alias
  return `/${encodeURIComponent(alias)}/_search`
}
