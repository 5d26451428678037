import { setTimeout as pause } from 'node:timers/promises'
import { type EngineClient, EngineError } from './client.ts'
import type { CurrentIndex } from './index-names.ts'
import {
  type BootstrapContext,
  createCurrent,
  mappingVersionOf,
  resolveAlias,
} from './manage-index.ts'

const POLL_INTERVAL_MS = 500
/** Whoever copies is taken for dead when nothing has arrived for this long. */
const STALLED_AFTER_MS = 15_000
/** A million documents take about a minute. */
const UPGRADE_TIMEOUT_MS = 3_600_000
const COPY_BATCH = 2000

/**
 * Gives an index its new mapping: the next generation is created, writes to the old one are
 * blocked (they are tried again meanwhile), all is copied, and alias and write alias move in one
 * step that also removes the old index. Each step may be repeated and may be done by several
 * instances at once: the copy only creates what is missing, and the last step succeeds once.
 */
export async function upgradeIndex(
  context: BootstrapContext,
  index: CurrentIndex,
  old: string,
): Promise<void> {
  const { client, names } = context
  const generation = await nextGeneration(context, index, old)
  const next = names.concrete(index, generation)
  const isFirst = await createCurrent(context, index, generation)
  if (!isFirst && (await isDoneByAnother(client, names.alias(index), old, next))) return
  try {
    await client.request({ method: 'PUT', path: `/${old}/_block/write` })
    await copyDocuments(client, index, old, next)
    await switchAliases(context, index, old, next)
  } catch (error) {
    // Another instance was faster: its last step has removed the old index under our hands.
    if ((await resolveAlias(client, names.alias(index))) === old) throw error
  }
}

/** One that another instance has begun with the same mapping, or a new one. */
async function nextGeneration(
  { client, names, mappingVersion }: BootstrapContext,
  index: CurrentIndex,
  old: string,
): Promise<number> {
  let generation = names.generationOf(old) + 1
  if (Number.isNaN(generation)) generation = 1
  while (true) {
    const concrete = names.concrete(index, generation)
    const { status } = await client.request({
      method: 'HEAD',
      path: `/${concrete}`,
      expect: [404],
    })
    if (status === 404) return generation
    if ((await mappingVersionOf(client, concrete)) === mappingVersion) return generation
    generation += 1
  }
}

/** Waits while another instance makes progress; false if it doesn't. */
async function isDoneByAnother(
  client: EngineClient,
  alias: string,
  old: string,
  next: string,
): Promise<boolean> {
  let seen = -1
  let lastProgressAt = performance.now()
  while (performance.now() - lastProgressAt < STALLED_AFTER_MS) {
    if ((await resolveAlias(client, alias)) !== old) return true
    await client.request({ method: 'POST', path: `/${next}/_refresh`, expect: [404] })
    const count = await countDocuments(client, next)
    if (count > seen) {
      seen = count
      lastProgressAt = performance.now()
    }
    await pause(POLL_INTERVAL_MS)
  }
  return false
}

async function copyDocuments(
  client: EngineClient,
  index: CurrentIndex,
  old: string,
  next: string,
): Promise<void> {
  // Versions of shared_cardata are revisions and have to stay what they are.
  const order = index === 'shared_cardata' ? { version_type: 'external' } : { op_type: 'create' }
  await client.request({ method: 'POST', path: `/${old}/_refresh` })
  const { body } = await client.request<{ task: string }>({
    method: 'POST',
    path: '/_reindex',
    query: { wait_for_completion: false },
    body: {
      conflicts: 'proceed',
      source: { index: old, size: COPY_BATCH },
      dest: { index: next, ...order },
    },
  })
  await taskDone(client, body.task)
  await client.request({ method: 'POST', path: `/${next}/_refresh` })
  const [before, after] = [await countDocuments(client, old), await countDocuments(client, next)]
  if (after < before) {
    throw new EngineError(
      `The mapping upgrade of ${old} copied ${after} of ${before} documents: look at OpenSearch's log, then start again.`,
    )
  }
}

async function taskDone(client: EngineClient, task: string): Promise<void> {
  type Task = { completed: boolean; response?: { failures?: unknown[] }; error?: unknown }
  const startedAt = performance.now()
  while (performance.now() - startedAt < UPGRADE_TIMEOUT_MS) {
    const { body } = await client.request<Task>({ method: 'GET', path: `/_tasks/${task}` })
    if (body.completed) {
      const failures = body.error === undefined ? (body.response?.failures ?? []) : [body.error]
      if (failures.length === 0) return
      const first = JSON.stringify(failures[0]).slice(0, 500)
      throw new EngineError(`Copying an index to its new mapping failed: ${first}`)
    }
    await pause(POLL_INTERVAL_MS)
  }
  throw new EngineError(`Copying an index took longer than ${UPGRADE_TIMEOUT_MS} ms.`)
}

async function switchAliases(
  { client, names }: BootstrapContext,
  index: CurrentIndex,
  old: string,
  next: string,
): Promise<void> {
  const actions = [
    { remove_index: { index: old } },
    { add: { index: next, alias: names.alias(index) } },
    { add: { index: next, alias: names.writeAlias(next) } },
  ]
  await client.request({ method: 'POST', path: '/_aliases', body: { actions } })
}

async function countDocuments(client: EngineClient, index: string): Promise<number> {
  const { body } = await client.request<{ count: number }>({
    method: 'GET',
    path: `/${index}/_count`,
  })
  return body.count
}
