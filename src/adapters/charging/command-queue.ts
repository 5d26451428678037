import { sql, type Transaction } from 'kysely'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { CommandEnd } from '../../ports/charging-commands.ts'
import type { Database, Tables } from '../database/database.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'
import { toCommand, toCommandRow } from './command-rows.ts'
import { inOrder, lastOf, usually } from './store-context.ts'

const COMMAND_COLUMNS = {
  id: 'text',
  charge_point_id: 'text',
  kind: 'text',
  parameters: 'json',
  state: 'text',
  created_at: 'integer',
  expires_at: 'integer',
  sent_at: 'integer',
  ended_at: 'integer',
  answer: 'json',
  reason: 'text',
  coalesce_key: 'text',
} as const

/** Each takes the place of queued ones that came before it with its key. */
export async function enqueue(
  { rows }: Database,
  trx: Transaction<Tables>,
  commands: readonly ChargingCommand[],
): Promise<undefined[]> {
  const given = inOrder(lastOf(commands.map(toCommandRow), ({ id }) => id))
  const list = sql.raw(Object.keys(COMMAND_COLUMNS).join(', '))
  const { rows: added } = await sql<{ id: string }>`
    INSERT INTO charging_command (${list})
    SELECT ${list} FROM ${rows('x', COMMAND_COLUMNS, given)} WHERE true
    ON CONFLICT DO NOTHING
    RETURNING id`.execute(trx)
  // One that is told again, because an answer got lost, takes nobody's place: later ones may be there.
  const ids = new Set(added.map(({ id }) => id))
  const last = lastOf(
    commands.filter(({ id, coalesceKey }) => coalesceKey !== undefined && ids.has(id)),
    ({ chargePointId, coalesceKey }) => JSON.stringify([chargePointId, coalesceKey]),
  )
  if (last.size > 0) await supersede(rows, trx, inOrder(last))
  return commands.map(() => undefined)
}

const SUPERSEDE_COLUMNS = {
  id: 'text',
  charge_point_id: 'text',
  coalesce_key: 'text',
  at: 'integer',
} as const

async function supersede(
  rows: Database['rows'],
  trx: Transaction<Tables>,
  commands: readonly ChargingCommand[],
): Promise<void> {
  const given = commands.map(({ id, chargePointId, coalesceKey, createdAt }) => ({
    id,
    charge_point_id: chargePointId,
    coalesce_key: coalesceKey,
    at: createdAt,
  }))
  await sql`
    UPDATE charging_command SET state = 'superseded', ended_at = x.at
    FROM ${rows('x', SUPERSEDE_COLUMNS, given)}
    WHERE charging_command.charge_point_id = x.charge_point_id
      AND charging_command.state = 'queued'
      AND charging_command.coalesce_key = x.coalesce_key
      AND charging_command.id <> x.id`.execute(trx)
}

export interface Claim {
  /** Of this call alone: told again, it gets what it has claimed already. */
  readonly claim: string
  readonly chargePointId: string
  readonly instance: string
  readonly at: number
  readonly limit: number
}

const CLAIM_COLUMNS = {
  claim: 'text',
  charge_point_id: 'text',
  instance: 'text',
  at: 'integer',
  at_most: 'integer',
} as const

/** `state = 'queued'` is looked at again when the row is locked: no two get the same command. */
export async function claim(
  { rows }: Database,
  trx: Transaction<Tables>,
  claims: readonly Claim[],
): Promise<ChargingCommand[][]> {
  // One after another if several are for the same charge point.
  const given = claims.map(({ chargePointId, limit, ...rest }) => ({
    ...rest,
    charge_point_id: chargePointId,
    at_most: limit,
  }))
  const firsts = [...new Map(given.toReversed().map((row) => [row.charge_point_id, row])).values()]
  const { rows: queued } = await sql<{ id: string; claim: string }>`
    SELECT id, claim, instance, at FROM (
      SELECT c.id AS id, x.claim AS claim, x.instance AS instance, x.at AS at, x.at_most AS at_most,
        row_number() OVER (PARTITION BY c.charge_point_id ORDER BY c.created_at, c.id) AS place
      FROM ${rows('x', CLAIM_COLUMNS, firsts)} CROSS JOIN charging_command c
      WHERE c.charge_point_id = x.charge_point_id AND c.state = 'queued' AND c.expires_at > x.at
    ) numbered WHERE place <= at_most ORDER BY id`.execute(trx)
  if (queued.length > 0) await markSent(rows, trx, queued)
  const sent = await findClaimed(rows, trx, given)
  const byClaim = Map.groupBy(sent, (row) => row.claim ?? '')
  return claims.map(({ claim: own }) => (byClaim.get(own) ?? []).map(toCommand))
}

async function markSent(
  rows: Database['rows'],
  trx: Transaction<Tables>,
  queued: readonly object[],
): Promise<void> {
  const columns = { id: 'text', claim: 'text', instance: 'text', at: 'integer' } as const
  await sql`
    UPDATE charging_command
    SET state = 'sent', sent_at = x.at, instance = x.instance, claim = x.claim
    FROM ${rows('x', columns, queued)}
    WHERE charging_command.id = x.id
      AND ${usually(sql`charging_command.state = 'queued'`)}`.execute(trx)
}

async function findClaimed(
  rows: Database['rows'],
  trx: Transaction<Tables>,
  given: readonly object[],
): Promise<ChargingCommandRow[]> {
  const { rows: sent } = await sql<ChargingCommandRow>`
    SELECT c.* FROM ${rows('x', CLAIM_COLUMNS, given)} CROSS JOIN charging_command c
    WHERE c.charge_point_id = x.charge_point_id AND c.state = 'sent' AND c.claim = x.claim
    ORDER BY c.created_at, c.id`.execute(trx)
  return sent
}

export interface Ended extends CommandEnd {
  readonly id: string
}

const END_COLUMNS = {
  id: 'text',
  state: 'text',
  at: 'integer',
  answer: 'json',
  reason: 'text',
} as const

export async function end(
  { rows }: Database,
  trx: Transaction<Tables>,
  ends: readonly Ended[],
): Promise<undefined[]> {
  // The first end of each counts.
  const first = lastOf(ends.toReversed(), ({ id }) => id)
  await sql`
    UPDATE charging_command
    SET state = x.state, ended_at = x.at, answer = x.answer, reason = x.reason
    FROM ${rows('x', END_COLUMNS, inOrder(first))}
    WHERE charging_command.id = x.id
      AND ${usually(sql`charging_command.state IN ('queued', 'sent')`)}`.execute(trx)
  return ends.map(() => undefined)
}

/** A charge point that has a new connection. */
export interface Joined {
  readonly chargePointId: string
  readonly at: number
}

export async function endUnanswered(
  { rows }: Database,
  trx: Transaction<Tables>,
  joined: readonly Joined[],
): Promise<number[]> {
  const last = lastOf(joined, ({ chargePointId }) => chargePointId)
  const given = inOrder(last).map(({ chargePointId, at }) => ({
    charge_point_id: chargePointId,
    at,
  }))
  const { rows: ended } = await sql<{ charge_point_id: string }>`
    UPDATE charging_command
    SET state = 'unknown', ended_at = x.at, reason = 'the connection ended before the answer'
    FROM ${rows('x', { charge_point_id: 'text', at: 'integer' }, given)}
    WHERE charging_command.charge_point_id = x.charge_point_id
      AND charging_command.state = 'sent'
    RETURNING charging_command.charge_point_id AS charge_point_id`.execute(trx)
  const counts = Map.groupBy(ended, (row) => row.charge_point_id)
  return joined.map((one) =>
    last.get(one.chargePointId) === one ? (counts.get(one.chargePointId)?.length ?? 0) : 0,
  )
}
