import { randomUUID } from 'node:crypto'
import { type EngineClient, EngineError } from './client.ts'

// Who copies an index to its next generation has put an alias of its own on that one. The copy goes
// through this alias and the switch takes it away, so both fail once somebody else has the claim.

/** For the alias list of the next generation when it is created. */
export function newClaim(next: string): string {
  return `${claimsOf(next)}${randomUUID()}`
}

/** The one that is there. */
export async function findClaim(client: EngineClient, next: string): Promise<string | undefined> {
  type Aliases = Record<string, { aliases: Record<string, unknown> }>
  const { status, body } = await client.request<Aliases>({
    method: 'GET',
    path: `/${next}/_alias`,
    expect: [404],
  })
  if (status === 404) return undefined
  return Object.keys(body[next]?.aliases ?? {}).find((alias) => alias.startsWith(claimsOf(next)))
}

/** Puts a claim in place of another; undefined if an instance was faster. */
export async function takeClaim(
  client: EngineClient,
  next: string,
  from: string | undefined,
): Promise<string | undefined> {
  const claim = newClaim(next)
  const add = { add: { index: next, alias: claim } }
  const actions = from === undefined ? [add] : [giveUp(next, from), add]
  return (await changeAliases(client, actions)) ? claim : undefined
}

/** Deletes the copy and lets the old index take writes again; false if the claim is another's by now. */
export async function abandonCopy(
  client: EngineClient,
  { old, next, claim }: { old: string; next: string; claim: string },
): Promise<boolean> {
  if (!(await changeAliases(client, [giveUp(next, claim)]))) return false
  // First: what is written from now on is missing in it.
  await client.request({ method: 'DELETE', path: `/${next}`, expect: [404] })
  await liftBlock(client, old)
  return true
}

/** An action that fails, and all others of its request with it, where the claim is gone. */
export function giveUp(next: string, claim: string): object {
  return { remove: { index: next, alias: claim, must_exist: true } }
}

export async function blockWrites(client: EngineClient, index: string): Promise<void> {
  await client.request({ method: 'PUT', path: `/${index}/_block/write` })
}

export async function liftBlock(client: EngineClient, index: string): Promise<void> {
  const body = { 'index.blocks.write': null }
  await client.request({ method: 'PUT', path: `/${index}/_settings`, body, expect: [404] })
}

export async function isBlocked(client: EngineClient, index: string): Promise<boolean> {
  type Settings = Record<string, { settings?: { index?: { blocks?: { write?: string } } } }>
  const { body } = await client.request<Settings>({
    method: 'GET',
    path: `/${index}/_settings/index.blocks.write`,
    expect: [404],
  })
  return body[index]?.settings?.index?.blocks?.write === 'true'
}

function claimsOf(next: string): string {
  return `${next}-copy-`
}

/** All of them or, where a claim or an index is gone, none: false. */
async function changeAliases(client: EngineClient, actions: readonly object[]): Promise<boolean> {
  try {
    await client.request({ method: 'POST', path: '/_aliases', body: { actions } })
    return true
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false
    throw error
  }
}
