import type { JsonObject } from '../../../domain/json.ts'
import { bePatient } from './be-patient.ts'
import type { EngineClient } from './client.ts'
import { closePointInTime, openPointInTime } from './point-in-time.ts'

export interface Hit {
  readonly _id: string
  readonly _seq_no: number
  readonly _primary_term: number
  readonly _source: JsonObject
  readonly sort: readonly (string | number)[]
}

export interface HitsBody {
  readonly pit_id?: string
  readonly hits: { readonly hits: readonly Hit[] }
}

const KEEP_ALIVE = '5m'

/** All documents of an index as of now, page by page; one that is refused for now is asked for again. */
export async function* searchPages(
  client: EngineClient,
  alias: string,
  search: object,
): AsyncGenerator<readonly Hit[]> {
  let id = await bePatient(client, async () => {
    await client.request({ method: 'POST', path: `/${alias}/_refresh` })
    return openPointInTime(client, alias, KEEP_ALIVE)
  })
  try {
    let after: Hit['sort'] | undefined
    while (true) {
      const request = {
        method: 'POST',
        path: '/_search',
        query: { allow_partial_search_results: false },
        body: {
          ...search,
          track_total_hits: false,
          seq_no_primary_term: true,
          pit: { id, keep_alive: KEEP_ALIVE },
          ...(after === undefined ? {} : { search_after: after }),
        },
      } as const
      const { body } = await bePatient(client, () => client.request<HitsBody>(request))
      id = body.pit_id ?? id
      const { hits } = body.hits
      if (hits.length === 0) return
      yield hits
      after = hits.at(-1)?.sort
    }
  } finally {
    await closePointInTime(client, id)
  }
}
