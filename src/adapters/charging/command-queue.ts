import { sql, type Transaction } from 'kysely'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { ClaimedCommand, ClaimRequest } from '../../ports/charging-commands.ts'
import type { Database, Tables } from '../database/database.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'
import { NEW_COMMAND_COLUMNS, toClaimed, toNewCommandRow } from './command-rows.ts'
import { inOrder, lastOf, usually } from './store-context.ts'

// Commands from being asked for to being claimed by whoever is to send them.

/** Each takes the place of queued ones that came before it with its key, whose ids it gets. */
export async function enqueue(
  { rows }: Database,
  trx: Transaction<Tables>,
  commands: readonly ChargingCommand[],
): Promise<string[][]> {
  const given = inOrder(lastOf(commands.map(toNewCommandRow), ({ id }) => id))
  const list = sql.raw(Object.keys(NEW_COMMAND_COLUMNS).join(', '))
  const { rows: added } = await sql<{ id: string }>`
    INSERT INTO charging_command (${list})
    SELECT ${list} FROM ${rows('x', NEW_COMMAND_COLUMNS, given)} WHERE true
    ON CONFLICT DO NOTHING
    RETURNING id`.execute(trx)
  // One that is told again, because an answer got lost, takes nobody's place: later ones may be there.
  const ids = new Set(added.map(({ id }) => id))
  const last = lastOf(
    commands.filter(({ id, coalesceKey }) => coalesceKey !== undefined && ids.has(id)),
    keyOf,
  )
  const superseded = last.size === 0 ? [] : await supersede(rows, trx, inOrder(last))
  const byKey = Map.groupBy(superseded, keyOf)
  return commands.map((command) => {
    if (last.get(keyOf(command)) !== command) return []
    return (byKey.get(keyOf(command)) ?? []).map(({ id }) => id)
  })
}

type Keyed = Pick<ChargingCommand, 'id' | 'chargePointId' | 'coalesceKey'>

function keyOf({ chargePointId, coalesceKey }: Keyed): string {
  return JSON.stringify([chargePointId, coalesceKey])
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
): Promise<Keyed[]> {
  const given = commands.map(({ id, chargePointId, coalesceKey, createdAt }) => ({
    id,
    charge_point_id: chargePointId,
    coalesce_key: coalesceKey,
    at: createdAt,
  }))
  const { rows: superseded } = await sql<Keyed>`
    UPDATE charging_command SET state = 'superseded', ended_at = x.at
    FROM ${rows('x', SUPERSEDE_COLUMNS, given)}
    WHERE charging_command.charge_point_id = x.charge_point_id
      AND charging_command.state = 'queued'
      AND charging_command.coalesce_key = x.coalesce_key
      AND charging_command.id <> x.id
    RETURNING charging_command.id AS "id", charging_command.charge_point_id AS "chargePointId",
      charging_command.coalesce_key AS "coalesceKey"`.execute(trx)
  return superseded
}

export interface QueueClaim extends ClaimRequest {
  /** Of this call alone: told again, it gets what it has claimed already. */
  readonly claim: string
}

const CLAIM_COLUMNS = {
  claim: 'text',
  charge_point_id: 'text',
  instance: 'text',
  epoch: 'integer',
  at: 'integer',
  at_most: 'integer',
  kinds: 'text',
} as const

/** `state = 'queued'` is looked at again when the row is locked: no two get the same command. */
export async function claim(
  { rows }: Database,
  trx: Transaction<Tables>,
  claims: readonly QueueClaim[],
): Promise<ClaimedCommand[][]> {
  // One after another if several are for the same charge point, those of the newest connection first.
  const given = claims.map(({ chargePointId, limit, kinds, ...rest }) => ({
    ...rest,
    charge_point_id: chargePointId,
    at_most: limit,
    kinds: kinds === undefined ? undefined : `,${kinds.join()},`,
  }))
  const lastOnes = given.toReversed().sort((a, b) => a.epoch - b.epoch)
  const firsts = inOrder(lastOf(lastOnes, (row) => row.charge_point_id))
  const { rows: queued } = await sql<{ id: string; claim: string }>`
    SELECT id, claim, instance, epoch, at FROM (
      SELECT c.id AS id, x.claim AS claim, x.instance AS instance, x.epoch AS epoch, x.at AS at,
        x.at_most AS at_most,
        row_number() OVER (PARTITION BY c.charge_point_id ORDER BY c.created_at, c.id) AS place
      FROM ${rows('x', CLAIM_COLUMNS, firsts)} CROSS JOIN charging_command c
      WHERE c.charge_point_id = x.charge_point_id AND c.state = 'queued' AND c.expires_at > x.at
        AND (x.kinds IS NULL OR x.kinds LIKE '%,' || c.kind || ',%')
        AND x.epoch >= ${epochOfHolder}
    ) numbered WHERE place <= at_most ORDER BY id`.execute(trx)
  if (queued.length > 0) await markSent(rows, trx, queued)
  const sent = await findClaimed(rows, trx, given)
  const byClaim = Map.groupBy(sent, (row) => row.claim ?? '')
  return claims.map(({ claim: own }) => (byClaim.get(own) ?? []).map(toClaimed))
}

/** Of whichever connection the charge point has; nobody asks while none is known to be there. */
const epochOfHolder = sql`COALESCE((
  SELECT p.epoch FROM charge_point p WHERE p.id = x.charge_point_id AND p.instance IS NOT NULL
), 0)`

async function markSent(
  rows: Database['rows'],
  trx: Transaction<Tables>,
  queued: readonly object[],
): Promise<void> {
  const columns = {
    id: 'text',
    claim: 'text',
    instance: 'text',
    epoch: 'integer',
    at: 'integer',
  } as const
  await sql`
    UPDATE charging_command
    SET state = 'sent', sent_at = x.at, instance = x.instance, claim = x.claim, epoch = x.epoch,
      attempts_left = charging_command.attempts_left - 1
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
