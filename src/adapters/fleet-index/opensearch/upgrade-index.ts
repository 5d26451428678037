import { setTimeout as pause } from 'node:timers/promises'
import { FleetgridError } from '../../../domain/errors.ts'
import type { EngineClient } from './client.ts'
import {
  abandonCopy,
  blockWrites,
  findClaim,
  giveUp,
  isBlocked,
  liftBlock,
  newClaim,
  takeClaim,
} from './copy-claim.ts'
import type { CurrentIndex, IndexNames } from './index-names.ts'
import {
  type BootstrapContext,
  countDocuments,
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
 * step that also removes the old index. One instance does it, the others wait; if that one dies,
 * another takes over what it has copied, for nobody has written since. If it fails, the copy goes
 * and the old index takes writes again. Returns also when another instance has done or given up
 * something: look again.
 */
export async function upgradeIndex(
  context: BootstrapContext,
  index: CurrentIndex,
  old: string,
): Promise<void> {
  const { client, names } = context
  const next = await nextGeneration(context, index, old)
  const claim = await claimNext(context, index, old, next)
  if (claim === undefined) return
  const copy = { old, next, claim }
  try {
    await blockWrites(client, old)
    await copyDocuments(client, index, copy)
    await switchAliases(context, index, copy)
  } catch (error) {
    // The answer to the switch may have got lost; otherwise the error matters, whatever this does.
    if ((await resolveAlias(client, names.alias(index))) !== old) return
    const isMine = await abandonCopy(client, copy).catch(() => true)
    if (isMine) throw error
  }
}

/** For a version of Fleetgrid that needs no upgrade: one of a newer version may have died in it. */
export async function endLeftUpgrade(
  { client, names }: BootstrapContext,
  index: CurrentIndex,
  old: string,
): Promise<void> {
  const next = names.concrete(index, followingGeneration(names, old))
  if (!(await exists(client, next))) return liftBlock(client, old)
  const left = await waitForAnother(client, names.alias(index), old, next)
  if (left === 'over') return
  const claim = await takeClaim(client, next, left.claim)
  if (claim !== undefined) await abandonCopy(client, { old, next, claim })
}

interface Copy {
  readonly old: string
  readonly next: string
  readonly claim: string
}

/** Undefined where another instance is at it, or was. */
async function claimNext(
  context: BootstrapContext,
  index: CurrentIndex,
  old: string,
  next: string,
): Promise<string | undefined> {
  const { client, names } = context
  const fresh = newClaim(next)
  if (await createCurrent(context, index, next, [fresh])) return fresh
  const left = await waitForAnother(client, names.alias(index), old, next)
  if (left === 'over') return undefined
  const claim = await takeClaim(client, next, left.claim)
  if (claim === undefined || (await isBlocked(client, old))) return claim
  // Whoever died had not begun, or somebody has lifted the block: then what is copied is old.
  await abandonCopy(client, { old, next, claim })
  return undefined
}

/** One that another instance has begun with the same mapping, or a new one. */
async function nextGeneration(
  { client, names, mappingVersion }: BootstrapContext,
  index: CurrentIndex,
  old: string,
): Promise<string> {
  for (let generation = followingGeneration(names, old); ; generation += 1) {
    const concrete = names.concrete(index, generation)
    if (!(await exists(client, concrete))) return concrete
    if ((await mappingVersionOf(client, concrete)) === mappingVersion) return concrete
  }
}

function followingGeneration(names: IndexNames, old: string): number {
  const generation = names.generationOf(old)
  return Number.isNaN(generation) ? 1 : generation + 1
}

/** Until another instance has ended its copy, or makes no progress: with the claim that it leaves. */
async function waitForAnother(
  client: EngineClient,
  alias: string,
  old: string,
  next: string,
): Promise<'over' | { readonly claim: string | undefined }> {
  let claim: string | undefined
  let seen = -1
  let lastProgressAt = performance.now()
  while (performance.now() - lastProgressAt < STALLED_AFTER_MS) {
    if ((await resolveAlias(client, alias)) !== old || !(await exists(client, next))) return 'over'
    await client.request({ method: 'POST', path: `/${next}/_refresh`, expect: [404] })
    const count = await countDocuments(client, next)
    const found = await findClaim(client, next)
    if (count > seen || found !== claim) {
      seen = count
      claim = found
      lastProgressAt = performance.now()
    }
    await pause(POLL_INTERVAL_MS)
  }
  return { claim }
}

async function copyDocuments(
  client: EngineClient,
  index: CurrentIndex,
  { old, next, claim }: Copy,
): Promise<void> {
  // Versions of shared_cardata are revisions and have to stay what they are.
  const order = index === 'shared_cardata' ? { version_type: 'external' } : { op_type: 'create' }
  await client.request({ method: 'POST', path: `/${old}/_refresh` })
  const { body } = await client.request<{ task: string }>({
    method: 'POST',
    path: '/_reindex',
    query: { wait_for_completion: false, require_alias: true },
    body: {
      conflicts: 'proceed',
      source: { index: old, size: COPY_BATCH },
      dest: { index: claim, ...order },
    },
  })
  await taskDone(client, body.task)
  await client.request({ method: 'POST', path: `/${next}/_refresh` })
  const [before, after] = [await countDocuments(client, old), await countDocuments(client, next)]
  if (after < before) {
    throw new FleetgridError(
      'unavailable',
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
      throw new FleetgridError(
        'unavailable',
        `Copying an index to its new mapping failed: ${first}`,
      )
    }
    await pause(POLL_INTERVAL_MS)
  }
  throw new FleetgridError(
    'unavailable',
    `Copying an index took longer than ${UPGRADE_TIMEOUT_MS} ms.`,
  )
}

async function switchAliases(
  { client, names }: BootstrapContext,
  index: CurrentIndex,
  { old, next, claim }: Copy,
): Promise<void> {
  if (!(await isBlocked(client, old))) {
    throw new FleetgridError(
      'unavailable',
      `Somebody has lifted the write block of ${old} while it was copied to its new mapping: start again.`,
    )
  }
  const actions = [
    giveUp(next, claim),
    { remove_index: { index: old } },
    { add: { index: next, alias: names.alias(index) } },
    { add: { index: next, alias: names.writeAlias(next) } },
  ]
  await client.request({ method: 'POST', path: '/_aliases', body: { actions } })
}

async function exists(client: EngineClient, index: string): Promise<boolean> {
  const { status } = await client.request({ method: 'HEAD', path: `/${index}`, expect: [404] })
  return status !== 404
}
