import type { RegistrySnapshot } from '../../../ports/fleet-index.ts'
import type { EngineClient } from './client.ts'
import { devicesOf, type Found, learnVehicles, snapshotOf } from './load-registry.ts'
import { VIEW_MEMBERS } from './read-document.ts'
import type { Hit, HitsBody } from './search-pages.ts'
import type { VehicleCache } from './vehicle-cache.ts'

const PAGE = 2000
/** Some 2 MB of documents. */
const FETCH_PAGE = 1000
/** Of one call; the next goes on from there. */
const PAGES_MAX = 5
/** How far the clocks of two instances may be apart. */
const CLOCK_SKEW_MAX_MS = 15_000
/** Documents that are known to have been told; beyond, some are told again. */
const TOLD_MAX = 100_000

export interface ChangeReaderOptions {
  readonly client: EngineClient
  readonly cache: VehicleCache
  readonly instance: string
  readonly now: () => number
  readonly refreshIntervalMs: number
  readonly requestTimeoutMs: number
  readonly names: { readonly latest: string; readonly devices: string }
}

/** What other instances have changed since the last look. */
export class ChangeReader {
  readonly #options: ChangeReaderOptions
  readonly #vehicles: ChangeCursor
  readonly #devices: ChangeCursor

  constructor(options: ChangeReaderOptions) {
    const { names } = options
    this.#options = options
    this.#vehicles = new ChangeCursor(options, names.latest, 'fleetgrid.vin', VIEW_MEMBERS)
    this.#devices = new ChangeCursor(options, names.devices, 'deviceid', ['fleetgrid'])
  }

  /** @throws EngineError; then all is told by the next call */
  async read(): Promise<RegistrySnapshot> {
    const devices = await this.#devices.read()
    const vehicles = await this.#vehicles.read()
    const stored = learnVehicles(this.#vehicles.tell(vehicles), this.#options.cache)
    return { devices: devicesOf(this.#devices.tell(devices)), vehicles: stored.map(snapshotOf) }
  }
}

/** What the search itself brings: nearly all of it was told before. */
type Trace = Pick<Hit, '_id' | '_seq_no' | 'sort'>

interface Step {
  readonly traces: readonly Trace[]
  readonly news: readonly Found[]
  readonly beganAt: number
  readonly after: Hit['sort'] | undefined
  readonly isPassOver: boolean
}

/**
 * Goes through one index by the time of change. A change is found late: its writer's clock may be
 * behind, its request slow, and then it waits for a refresh. So each pass begins some time before
 * the last one began, and what was told in that time is left out.
 */
class ChangeCursor {
  readonly #options: ChangeReaderOptions
  readonly #alias: string
  readonly #identity: string
  readonly #source: readonly string[]
  readonly #overlapMs: number
  #from: number
  #passBeganAt: number | undefined
  #after: Hit['sort'] | undefined
  /** Id → sequence number that was told, of this pass and the one before. */
  #told = new Map<string, number>()
  #toldBefore = new Map<string, number>()

  constructor(
    options: ChangeReaderOptions,
    alias: string,
    identity: string,
    source: readonly string[],
  ) {
    this.#options = options
    this.#alias = alias
    this.#identity = identity
    this.#source = source
    this.#overlapMs = CLOCK_SKEW_MAX_MS + options.refreshIntervalMs + options.requestTimeoutMs
    this.#from = options.now() - this.#overlapMs
  }

  /** Changes nothing: that is `tell`'s part, when all of an answer is there. */
  async read(): Promise<Step> {
    const beganAt = this.#passBeganAt ?? this.#options.now()
    const traces: Trace[] = []
    let after = this.#after
    let isPassOver = false
    for (let page = 0; page < PAGES_MAX && !isPassOver; page += 1) {
      const found = await this.#search(after)
      traces.push(...found)
      after = found.at(-1)?.sort ?? after
      isPassOver = found.length < PAGE
    }
    const news = traces.filter((trace) => this.#isNews(trace)).map(({ _id }) => _id)
    return { traces, news: await this.#fetch([...new Set(news)]), beganAt, after, isPassOver }
  }

  tell({ traces, news, beganAt, after, isPassOver }: Step): readonly Found[] {
    for (const trace of traces) if (!this.#isNews(trace)) this.#remember(trace)
    for (const found of news) this.#remember(found)
    if (isPassOver) {
      this.#from = beganAt - this.#overlapMs
      this.#passBeganAt = undefined
      this.#after = undefined
      this.#toldBefore = this.#told
      this.#told = new Map()
    } else {
      this.#passBeganAt = beganAt
      this.#after = after
    }
    return news
  }

  async #search(after: Hit['sort'] | undefined): Promise<readonly Trace[]> {
    const { client, instance } = this.#options
    const { body } = await client.request<{ hits?: { hits?: readonly Trace[] } }>({
      method: 'POST',
      path: `/${this.#alias}/_search`,
      query: {
        allow_partial_search_results: false,
        filter_path: 'hits.hits._id,hits.hits._seq_no,hits.hits.sort',
      },
      body: {
        size: PAGE,
        track_total_hits: false,
        seq_no_primary_term: true,
        _source: false,
        query: {
          bool: {
            filter: { range: { 'fleetgrid.changed_at': { gte: this.#from } } },
            must_not: { term: { 'fleetgrid.writer': instance } },
          },
        },
        sort: ['fleetgrid.changed_at', 'fleetgrid.order', this.#identity],
        ...(after === undefined ? {} : { search_after: after }),
      },
    })
    return body.hits?.hits ?? []
  }

  /** As the search saw them, or newer; one that a copy of the shard doesn't know yet comes next time. */
  async #fetch(ids: readonly string[]): Promise<Found[]> {
    const found: Found[] = []
    for (let from = 0; from < ids.length; from += FETCH_PAGE) {
      const page = ids.slice(from, from + FETCH_PAGE)
      const { body } = await this.#options.client.request<HitsBody>({
        method: 'POST',
        path: `/${this.#alias}/_search`,
        query: { allow_partial_search_results: false },
        body: {
          size: page.length,
          track_total_hits: false,
          seq_no_primary_term: true,
          _source: this.#source,
          // Reading by id one by one (_mget) takes OpenSearch ten times as long.
          query: { constant_score: { filter: { ids: { values: page } } } },
        },
      })
      found.push(...body.hits.hits)
    }
    return found
  }

  #isNews({ _id, _seq_no }: Told): boolean {
    return (this.#told.get(_id) ?? this.#toldBefore.get(_id)) !== _seq_no
  }

  #remember({ _id, _seq_no }: Told): void {
    if (this.#told.size < TOLD_MAX || this.#told.has(_id)) this.#told.set(_id, _seq_no)
  }
}

type Told = Pick<Hit, '_id' | '_seq_no'>
