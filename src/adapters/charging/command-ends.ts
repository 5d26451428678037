import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Claim, CommandEnd } from '../../ports/charging-commands.ts'
import type { Database, Tables } from '../database/database.ts'
import { inOrder, lastOf, usually } from './store-context.ts'

// Sent commands, to their ends.

export interface Ended extends CommandEnd, Claim {}

const END_COLUMNS = {
  id: 'text',
  claim: 'text',
  state: 'text',
  at: 'integer',
  answer: 'json',
  reason: 'text',
} as const

/** The command is with this claim, and hasn't ended. */
const isOurs = usually(sql`charging_command.state = 'sent' AND charging_command.claim = x.claim`)

export async function end(
  { rows }: Database,
  trx: Transaction<Tables>,
  ends: readonly Ended[],
): Promise<undefined[]> {
  // The first end of each counts.
  const first = lastOf(ends.toReversed(), keyOf)
  await sql`
    UPDATE charging_command
    SET state = x.state, ended_at = x.at, answer = x.answer, reason = x.reason
    FROM ${rows('x', END_COLUMNS, inOrder(first))}
    WHERE charging_command.id = x.id AND ${isOurs}`.execute(trx)
  return ends.map(() => undefined)
}

/** Sent before, it may have been carried out then: that isn't forgotten. */
export async function release(
  { rows }: Database,
  trx: Transaction<Tables>,
  claims: readonly Claim[],
): Promise<undefined[]> {
  await sql`
    UPDATE charging_command
    SET state = 'queued', attempts_left = charging_command.attempts_left + 1,
      sent_at = CASE WHEN charging_command.reason IS NULL THEN NULL ELSE charging_command.sent_at END
    FROM ${rows('x', { id: 'text', claim: 'text' }, inOrder(lastOf(claims, keyOf)))}
    WHERE charging_command.id = x.id AND ${isOurs}`.execute(trx)
  return claims.map(() => undefined)
}

export interface Lost extends Claim {
  readonly at: number
}

export async function lose(
  { rows }: Database,
  trx: Transaction<Tables>,
  lost: readonly Lost[],
): Promise<undefined[]> {
  const columns = { id: 'text', claim: 'text', at: 'integer' } as const
  await sql`
    UPDATE charging_command SET ${withoutAnswer(sql`x.at`, CONNECTION_ENDED)}
    FROM ${rows('x', columns, inOrder(lastOf(lost, keyOf)))}
    WHERE charging_command.id = x.id AND ${isOurs}`.execute(trx)
  return lost.map(() => undefined)
}

/** A charge point that has a new connection. */
export interface Joined {
  readonly chargePointId: string
  readonly epoch: number
  readonly at: number
}

export async function endUnanswered(
  { rows }: Database,
  trx: Transaction<Tables>,
  joined: readonly Joined[],
): Promise<string[][]> {
  const last = lastOf(
    joined.toSorted((a, b) => a.epoch - b.epoch),
    ({ chargePointId }) => chargePointId,
  )
  const given = inOrder(last).map(({ chargePointId, ...rest }) => ({
    charge_point_id: chargePointId,
    ...rest,
  }))
  const columns = { charge_point_id: 'text', epoch: 'integer', at: 'integer' } as const
  const { rows: changed } = await sql<Changed>`
    UPDATE charging_command SET ${withoutAnswer(sql`x.at`, CONNECTION_ENDED)}
    FROM ${rows('x', columns, given)}
    WHERE charging_command.charge_point_id = x.charge_point_id
      AND charging_command.state = 'sent'
      AND COALESCE(charging_command.epoch, 0) < x.epoch
    RETURNING charging_command.id AS "id", charging_command.state AS "state",
      charging_command.charge_point_id AS "chargePointId"`.execute(trx)
  const byChargePoint = Map.groupBy(changed, ({ chargePointId }) => chargePointId)
  return joined.map((one) =>
    last.get(one.chargePointId) === one ? endedIds(byChargePoint.get(one.chargePointId) ?? []) : [],
  )
}

export async function endLost(
  database: Pick<Database, 'run'>,
  { sentBefore, at, limit }: { sentBefore: number; at: number; limit: number },
): Promise<string[]> {
  const { rows: changed } = await database.run((db) =>
    sql<Changed>`
      UPDATE charging_command SET ${withoutAnswer(sql`CAST(${at} AS bigint)`, 'no answer came')}
      WHERE ${usually(sql`state = 'sent'`)} AND id IN (
        SELECT id FROM charging_command
        WHERE state = 'sent' AND sent_at < ${sentBefore}
        LIMIT ${limit}
      )
      RETURNING id AS "id", state AS "state", charge_point_id AS "chargePointId"`.execute(db),
  )
  return endedIds(changed)
}

export async function expire(
  database: Pick<Database, 'run'>,
  { at, limit }: { at: number; limit: number },
): Promise<string[]> {
  const { rows: expired } = await database.run((db) =>
    sql<{ id: string }>`
      UPDATE charging_command
      SET state = CASE WHEN sent_at IS NULL THEN 'expired' ELSE 'unknown' END, ended_at = ${at}
      WHERE ${isQueued} AND id IN (
        SELECT id FROM charging_command
        WHERE ended_at IS NULL AND expires_at <= ${at} AND ${isQueued}
        ORDER BY expires_at LIMIT ${limit}
      )
      RETURNING id`.execute(db),
  )
  return expired.map(({ id }) => id)
}

const isQueued = usually(sql`state = 'queued'`)

interface Changed {
  readonly id: string
  readonly state: string
  readonly chargePointId: string
}

function endedIds(changed: readonly Changed[]): string[] {
  return changed.filter(({ state }) => state !== 'queued').map(({ id }) => id)
}

const CONNECTION_ENDED = 'the connection ended before the answer'

/**
 * What a command without an answer becomes. Sent again after a later one it could undo that, so it is
 * queued again only if none has been sent, and none is to take its place.
 */
function withoutAnswer(at: RawBuilder<unknown>, reason: string): RawBuilder<unknown> {
  const isAgain = sql`charging_command.attempts_left > 0 AND charging_command.expires_at > ${at}
    AND NOT EXISTS (
      SELECT 1 FROM charging_command later
      WHERE later.charge_point_id = charging_command.charge_point_id
        AND later.created_at >= charging_command.created_at
        AND (later.created_at > charging_command.created_at OR later.id > charging_command.id)
        AND (later.sent_at IS NOT NULL OR later.coalesce_key = charging_command.coalesce_key)
    )`
  return sql`state = CASE WHEN ${isAgain} THEN 'queued' ELSE 'unknown' END,
    ended_at = CASE WHEN ${isAgain} THEN NULL ELSE ${at} END, reason = ${reason}`
}

function keyOf({ id, claim }: Claim): string {
  return `${id} ${claim}`
}
