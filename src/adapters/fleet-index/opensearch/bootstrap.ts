import { FleetgridError } from '../../../domain/errors.ts'
import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import { type EngineClient, EngineError } from './client.ts'
import { isBlocked } from './copy-claim.ts'
import { CURRENT_INDICES, type CurrentIndex, HISTORY_INDICES } from './index-names.ts'
import { historySettings, liveSettings, shardSettings } from './index-settings.ts'
import {
  type BootstrapContext,
  createCurrent,
  ensureWriteAlias,
  mappingVersionOf,
  resolveAlias,
} from './manage-index.ts'
import { historyMapping } from './mappings.ts'
import { endLeftUpgrade, upgradeIndex } from './upgrade-index.ts'

/** The index behind each alias, by name: sequence numbers count within it. */
export type CurrentIndices = Readonly<Record<CurrentIndex, string>>

/** Above what others usually give to templates for everything. */
const TEMPLATE_PRIORITY = 1000
const ATTEMPTS_MAX = 6

/**
 * Creates what is missing and brings mappings up to date. Any number of instances may do it at
 * once, and one that dies half-way leaves nothing that the next can't finish.
 * @throws FleetgridError with advice
 */
export async function bootstrap(context: BootstrapContext): Promise<CurrentIndices> {
  const current: Partial<Record<CurrentIndex, string>> = {}
  for (const index of CURRENT_INDICES) current[index] = await ensureCurrent(context, index)
  // Last: where an upgrade fails, the version before can still start.
  await putTemplates(context)
  return current as CurrentIndices
}

async function putTemplates({ client, names, config, mappingVersion }: BootstrapContext) {
  const settings = { settings: historySettings(config) }
  await client.request({
    method: 'PUT',
    path: `/_component_template/${names.settingsTemplate()}`,
    body: { template: settings },
  })
  for (const index of HISTORY_INDICES) {
    if ((await templateVersion(client, names.template(index))) > mappingVersion) {
      throw newerVersion(names.template(index))
    }
    await client.request({
      method: 'PUT',
      path: `/_index_template/${names.template(index)}`,
      body: historyTemplate({ names, config, mappingVersion }, index),
    })
  }
}

function historyTemplate(
  { names, config, mappingVersion: version }: Omit<BootstrapContext, 'client'>,
  index: HistoryIndex,
): object {
  return {
    index_patterns: [names.historyPattern(index)],
    priority: TEMPLATE_PRIORITY,
    composed_of: [names.settingsTemplate()],
    _meta: { version },
    template: {
      settings: shardSettings(config, index),
      mappings: historyMapping(index, version),
      aliases: { [names.alias(index)]: {} },
    },
  }
}

async function templateVersion(client: EngineClient, template: string): Promise<number> {
  type Templates = { index_templates?: { index_template: { _meta?: { version?: number } } }[] }
  const path = `/_index_template/${template}`
  const { body } = await client.request<Templates>({ method: 'GET', path, expect: [404] })
  return body.index_templates?.[0]?.index_template._meta?.version ?? 0
}

async function ensureCurrent(context: BootstrapContext, index: CurrentIndex): Promise<string> {
  const { client, names, config, mappingVersion } = context
  // Each looks what is there, and does one thing about it or waits for another instance's.
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const concrete = await resolveAlias(client, names.alias(index))
    if (concrete === undefined) {
      const first = names.concrete(index, 1)
      await createCurrent(context, index, first, [names.alias(index), names.writeAlias(first)])
      continue
    }
    const version = await mappingVersionOf(client, concrete)
    if (version > mappingVersion) throw newerVersion(concrete)
    if (version < mappingVersion) {
      await upgradeIndex(context, index, concrete)
      continue
    }
    if (await isBlocked(client, concrete)) {
      await endLeftUpgrade(context, index, concrete)
      continue
    }
    await ensureWriteAlias(client, names, concrete)
    await client.request({
      method: 'PUT',
      path: `/${concrete}/_settings`,
      body: liveSettings(config),
    })
    return concrete
  }
  throw new EngineError(
    `The alias ${names.alias(index)} in OpenSearch changes all the time: does another system use it? Set OPENSEARCH_INDEX_PREFIX.`,
  )
}

function newerVersion(what: string): FleetgridError {
  const message = `${what} in OpenSearch was made by a newer Fleetgrid: run that version, or set another OPENSEARCH_INDEX_PREFIX.`
  return new FleetgridError('unavailable', message)
}
