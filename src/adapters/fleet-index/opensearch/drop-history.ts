import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import type { EngineClient } from './client.ts'
import { FUTURE_MAX_MS, HISTORY_INDICES, type IndexNames } from './index-names.ts'
import { countDocuments } from './manage-index.ts'

const DAY_MS = 86_400_000
const BATCH = 5000

export interface DropOptions {
  readonly client: EngineClient
  readonly names: IndexNames
  readonly now: () => number
  /** After it no further step. */
  readonly signal: AbortSignal | undefined
}

/**
 * Whole days go as whole indices, which costs next to nothing; what the shared index holds goes in
 * batches. Several instances may do it at once: each counts what it has dropped itself.
 */
export async function dropHistory(options: DropOptions, before: number): Promise<number> {
  const cutOff = Math.floor(before / DAY_MS) * DAY_MS
  let dropped = 0
  for (const index of HISTORY_INDICES) {
    dropped += await dropDays(options, index, cutOff)
    dropped += await dropOthers(options, index, cutOff)
  }
  return dropped
}

async function dropDays(
  { client, names, signal }: DropOptions,
  index: HistoryIndex,
  cutOff: number,
): Promise<number> {
  if (signal?.aborted) return 0
  // Only what has our alias and a name as we give it.
  const { status, body } = await client.request<Record<string, unknown>>({
    method: 'GET',
    path: `/_alias/${names.alias(index)}`,
    expect: [404],
  })
  if (status === 404) return 0
  let dropped = 0
  for (const concrete of Object.keys(body)) {
    if (signal?.aborted) break
    const day = names.dayOf(index, concrete)
    if (day !== undefined && day < cutOff) dropped += await dropIndex(client, concrete)
  }
  return dropped
}

async function dropIndex(client: EngineClient, concrete: string): Promise<number> {
  const expect = [404]
  await client.request({ method: 'POST', path: `/${concrete}/_refresh`, expect })
  const count = await countDocuments(client, concrete)
  const { status } = await client.request({ method: 'DELETE', path: `/${concrete}`, expect })
  return status === 404 ? 0 : count
}

/** By send time, or where that is in the future by the time of storing. */
async function dropOthers(
  { client, names, now, signal }: DropOptions,
  index: HistoryIndex,
  cutOff: number,
): Promise<number> {
  if (signal?.aborted) return 0
  const isOld = { range: { 'fleetgrid.at': { lt: cutOff } } }
  const isAhead = { range: { 'fleetgrid.at': { gt: now() + FUTURE_MAX_MS } } }
  const isStoredLongAgo = { range: { 'fleetgrid.stored_at': { lt: cutOff } } }
  const query = { bool: { should: [isOld, { bool: { filter: [isAhead, isStoredLongAgo] } }] } }
  const other = names.otherHistory(index)
  const refreshed = await client.request({
    method: 'POST',
    path: `/${other}/_refresh`,
    expect: [404],
  })
  if (refreshed.status === 404) return 0
  let dropped = 0
  while (!signal?.aborted) {
    const { status, body } = await client.request<{ deleted?: number }>({
      method: 'POST',
      path: `/${other}/_delete_by_query`,
      query: { conflicts: 'proceed', refresh: true },
      body: { query, max_docs: BATCH },
      expect: [404],
    })
    if (status === 404 || (body.deleted ?? 0) === 0) return dropped
    dropped += body.deleted ?? 0
  }
  return dropped
}
