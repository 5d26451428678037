import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'
import { FleetgridError } from '../../../domain/errors.ts'
import { type EngineClient, EngineError } from './client.ts'
import type { CurrentIndex, IndexNames } from './index-names.ts'
import { currentSettings, shardSettings } from './index-settings.ts'
import { currentMapping } from './mappings.ts'

export interface BootstrapContext {
  readonly client: EngineClient
  readonly names: IndexNames
  readonly config: OpenSearchFleetIndexConfig
  /** Of the mappings that this process knows. */
  readonly mappingVersion: number
}

/** False if it is there already. */
export async function createCurrent(
  { client, config, mappingVersion }: BootstrapContext,
  index: CurrentIndex,
  concrete: string,
  aliases: readonly string[],
): Promise<boolean> {
  return createIndex(client, concrete, {
    settings: { ...currentSettings(config), ...shardSettings(config, index) },
    mappings: currentMapping(index, mappingVersion),
    aliases: Object.fromEntries(aliases.map((alias) => [alias, {}])),
  })
}

/** An index that was restored under another name has the alias of queries, but not that of writes. */
export async function ensureWriteAlias(
  client: EngineClient,
  names: IndexNames,
  concrete: string,
): Promise<void> {
  const alias = names.writeAlias(concrete)
  if ((await resolveAlias(client, alias)) === concrete) return
  const actions = [{ add: { index: concrete, alias } }]
  await client.request({ method: 'POST', path: '/_aliases', body: { actions } })
}

/** False if it is there already. */
export async function createIndex(
  client: EngineClient,
  name: string,
  body: object,
  timeoutMs?: number,
): Promise<boolean> {
  const limits =
    timeoutMs === undefined
      ? {}
      : {
          // Of OpenSearch, for its shards and for its manager; of this side, if it doesn't answer.
          query: { timeout: `${timeoutMs}ms`, cluster_manager_timeout: `${timeoutMs}ms` },
          timeoutMs: Math.min(2 * timeoutMs, client.requestTimeoutMs),
        }
  try {
    await client.request({ method: 'PUT', path: `/${name}`, body, ...limits })
    return true
  } catch (error) {
    const type = error instanceof EngineError ? error.type : ''
    if (type === 'resource_already_exists_exception') return false
    throw error
  }
}

/** The one index behind an alias, or undefined if there is no such alias. */
export async function resolveAlias(
  client: EngineClient,
  alias: string,
): Promise<string | undefined> {
  const { status, body } = await client.request<Record<string, unknown>>({
    method: 'GET',
    path: `/_alias/${alias}`,
    expect: [404],
  })
  if (status === 404) return undefined
  const indices = Object.keys(body)
  if (indices.length === 1) return indices[0]
  const message = `The alias ${alias} in OpenSearch names ${indices.length} indices (${indices.join(', ')}), but must name one: remove it from the others.`
  throw new FleetgridError('unavailable', message)
}

/** Documents that a search finds; none where there is no such index. */
export async function countDocuments(client: EngineClient, index: string): Promise<number> {
  const { body } = await client.request<{ count?: number }>({
    method: 'GET',
    path: `/${index}/_count`,
    expect: [404],
  })
  return body.count ?? 0
}

export async function mappingVersionOf(client: EngineClient, concrete: string): Promise<number> {
  type Mappings = Record<string, { mappings: { _meta?: { version?: number } } }>
  const { body } = await client.request<Mappings>({
    method: 'GET',
    path: `/${concrete}/_mapping`,
  })
  return body[concrete]?.mappings._meta?.version ?? 0
}
