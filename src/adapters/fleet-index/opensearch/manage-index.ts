import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'
import { FleetgridError } from '../../../domain/errors.ts'
import { type EngineClient, EngineError } from './client.ts'
import type { CurrentIndex, IndexNames } from './index-names.ts'
import { indexSettings } from './index-settings.ts'
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
  { client, names, config, mappingVersion }: BootstrapContext,
  index: CurrentIndex,
  generation: number,
): Promise<boolean> {
  const concrete = names.concrete(index, generation)
  // The first one gets its aliases with its birth; a later one when it holds everything.
  const aliases =
    generation === 1 ? { [names.alias(index)]: {}, [names.writeAlias(concrete)]: {} } : {}
  return createIndex(client, concrete, {
    settings: indexSettings(config),
    mappings: currentMapping(index, mappingVersion),
    aliases,
  })
}

/** False if it is there already. */
export async function createIndex(
  client: EngineClient,
  name: string,
  body: object,
): Promise<boolean> {
  try {
    await client.request({ method: 'PUT', path: `/${name}`, body })
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

export async function mappingVersionOf(client: EngineClient, concrete: string): Promise<number> {
  type Mappings = Record<string, { mappings: { _meta?: { version?: number } } }>
  const { body } = await client.request<Mappings>({
    method: 'GET',
    path: `/${concrete}/_mapping`,
  })
  return body[concrete]?.mappings._meta?.version ?? 0
}
