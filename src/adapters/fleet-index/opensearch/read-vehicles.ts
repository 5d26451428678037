import type { JsonObject } from '../../../domain/json.ts'
import { type EngineClient, EngineError, type EngineFailure, reasonOf } from './client.ts'
import { readRegisters, telemetryTextOf } from './read-document.ts'
import { KnownVehicle } from './vehicle-cache.ts'

/** Some 2 MB of documents. */
const PAGE = 1000

export interface ReadVehicle {
  readonly known: KnownVehicle
  /** Of its telemetry, if there is any. */
  readonly text: string | undefined
}

interface GetItem {
  readonly _id: string
  readonly found?: boolean
  readonly _seq_no?: number
  readonly _primary_term?: number
  readonly _source?: JsonObject
  readonly error?: EngineFailure
}

/**
 * The documents as they are now, refreshed or not; those that don't exist are missing.
 * @throws EngineError also if one of them can't be read
 */
export async function readVehicles(
  client: EngineClient,
  alias: string,
  vins: readonly string[],
): Promise<Map<string, ReadVehicle>> {
  const found = new Map<string, ReadVehicle>()
  for await (const items of getDocuments(client, alias, vins)) {
    for (const { _id, _seq_no, _primary_term, _source } of items) {
      if (_source === undefined || _seq_no === undefined || _primary_term === undefined) continue
      const known = new KnownVehicle(readRegisters(_source), _seq_no, _primary_term)
      found.set(_id, { known, text: telemetryTextOf(_source) })
    }
  }
  return found
}

/**
 * What there is of each id, page by page.
 * @throws EngineError also if one of them can't be read
 */
export async function* getDocuments(
  client: EngineClient,
  alias: string,
  ids: readonly string[],
): AsyncGenerator<readonly GetItem[]> {
  for (let from = 0; from < ids.length; from += PAGE) {
    yield await getPage(client, alias, ids.slice(from, from + PAGE))
  }
}

async function getPage(
  client: EngineClient,
  alias: string,
  ids: readonly string[],
): Promise<readonly GetItem[]> {
  const { body } = await client.request<{ docs?: readonly GetItem[] }>({
    method: 'POST',
    path: `/${alias}/_mget`,
    body: { ids },
  })
  const items = body.docs ?? []
  for (const { error } of items) {
    if (error === undefined) continue
    const type = error.type ?? ''
    throw new EngineError(`OpenSearch can't read from ${alias}: ${reasonOf(error)}`, {
      type,
      ...(type === 'index_not_found_exception' ? { status: 404 } : {}),
    })
  }
  return items
}
