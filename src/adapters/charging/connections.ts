import { sql, type Transaction } from 'kysely'
import type { BootInfo, ProtocolVersion, Registration } from '../../domain/charge-point.ts'
import type { Database, Tables } from '../database/database.ts'
import { inOrder, lastOf } from './store-context.ts'

// Who holds a charge point's socket, when it booted and was seen: thousands of rows a statement.

export interface Connected {
  readonly id: string
  readonly instance: string
  readonly protocol: ProtocolVersion
  readonly at: number
}

const CONNECTED_COLUMNS = {
  id: 'text',
  instance: 'text',
  protocol: 'text',
  at: 'integer',
  steps: 'integer',
} as const

export interface Disconnected {
  readonly id: string
  readonly epoch: number
  readonly at: number
}

export interface Booted {
  readonly id: string
  readonly boot: BootInfo
  readonly at: number
}

/**
 * The epochs, in order. A charge point that is not known (it was removed a moment ago, perhaps) is
 * kept as `pending`, which may do nothing.
 */
export async function connect(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  items: readonly Connected[],
): Promise<number[]> {
  const steps = new Map<string, number>()
  for (const { id } of items) steps.set(id, (steps.get(id) ?? 0) + 1)
  const newest = inOrder(lastOf(items, ({ id }) => id))
  const given = newest.map((item) => ({ ...item, steps: steps.get(item.id) ?? 1 }))
  const { rows: raised } = await sql<{ id: string; epoch: number }>`
    INSERT INTO charge_point (
      id, registration, security_profile_min, leniency, epoch,
      instance, connected_at, protocol, last_seen_at, created_at
    )
    SELECT id, 'pending', 0, '[]', steps, instance, at, protocol, at, at
    FROM ${eachRow('x', CONNECTED_COLUMNS, given)} WHERE true
    ON CONFLICT (id) DO UPDATE SET
      epoch = charge_point.epoch + excluded.epoch,
      instance = excluded.instance,
      connected_at = excluded.connected_at,
      protocol = excluded.protocol,
      last_seen_at = excluded.last_seen_at
    RETURNING id, epoch`.execute(trx)
  const last = new Map(raised.map(({ id, epoch }) => [id, epoch]))
  // Of several at once the last one has the highest.
  return items.map(({ id }) => {
    const left = steps.get(id) ?? 1
    steps.set(id, left - 1)
    return (last.get(id) ?? 0) - left + 1
  })
}

export async function disconnect(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  items: readonly Disconnected[],
): Promise<undefined[]> {
  const byKey = lastOf(items, ({ id, epoch }) => `${id}:${epoch}`)
  const columns = { id: 'text', epoch: 'integer', at: 'integer' } as const
  await sql`
    UPDATE charge_point
    SET instance = NULL, connected_at = NULL,
      last_seen_at = CASE WHEN last_seen_at > x.at THEN last_seen_at ELSE x.at END
    FROM ${eachRow('x', columns, inOrder(byKey))}
    WHERE charge_point.id = x.id AND charge_point.epoch = x.epoch`.execute(trx)
  return items.map(() => undefined)
}

/** What was decided of each, which is asked for at every boot; undefined: it is not known. */
export async function boot(
  { eachRow }: Database,
  trx: Transaction<Tables>,
  items: readonly Booted[],
): Promise<(Registration | undefined)[]> {
  const newest = inOrder(
    lastOf(
      items.toSorted((a, b) => a.at - b.at),
      ({ id }) => id,
    ),
  )
  const columns = { id: 'text', boot: 'json', at: 'integer' } as const
  const isNewer = sql`(booted_at IS NULL OR booted_at <= x.at)`
  const { rows: told } = await sql<{ id: string; registration: Registration }>`
    UPDATE charge_point SET
      boot = CASE WHEN ${isNewer} THEN x.boot ELSE charge_point.boot END,
      booted_at = CASE WHEN ${isNewer} THEN x.at ELSE booted_at END
    FROM ${eachRow('x', columns, newest)}
    WHERE charge_point.id = x.id
    RETURNING charge_point.id, registration`.execute(trx)
  const decided = new Map(told.map(({ id, registration }) => [id, registration]))
  return items.map(({ id }) => decided.get(id))
}

/** Of each charge point, when it was last seen. */
export type Signs = readonly (readonly [id: string, at: number])[]

export async function see(
  database: Database,
  trx: Transaction<Tables>,
  items: readonly Signs[],
): Promise<undefined[]> {
  const newest = lastOf(
    items.flat().sort(([, a], [, b]) => a - b),
    ([id]) => id,
  )
  const given = inOrder(newest).map(([id, at]) => ({ id, at }))
  const update = sql`
    UPDATE charge_point SET last_seen_at = x.at
    FROM ${database.eachRow('x', { id: 'text', at: 'integer' }, given)}
    WHERE charge_point.id = x.id
      AND (charge_point.last_seen_at IS NULL OR charge_point.last_seen_at < x.at)`
  await database.executeLast(trx, update)
  return items.map(() => undefined)
}
