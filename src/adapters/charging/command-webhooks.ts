import { sql } from 'kysely'
import type { WebhookAttempt } from '../../ports/charging-commands.ts'
import type { Database } from '../database/database.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'

// Whom the outcome of a command is to be told.

/** The due time is looked at again when the row is locked: no two instances get the same one. */
export async function claimWebhooks(
  database: Pick<Database, 'run'>,
  { at, until, limit }: { at: number; until: number; limit: number },
): Promise<ChargingCommandRow[]> {
  const isDue = sql`webhook_state = 'waiting' AND ended_at IS NOT NULL AND webhook_due_at <= ${at}`
  const { rows } = await database.run((db) =>
    sql<ChargingCommandRow>`
      UPDATE charging_command
      SET webhook_due_at = ${until}, webhook_attempts = webhook_attempts + 1
      WHERE ${isDue} AND id IN (
        SELECT id FROM charging_command WHERE ${isDue} ORDER BY webhook_due_at LIMIT ${limit}
      )
      RETURNING *`.execute(db),
  )
  return rows
}

export async function endWebhookAttempt(
  database: Pick<Database, 'run'>,
  id: string,
  { number, state, dueAt, error }: WebhookAttempt,
): Promise<void> {
  await database.run((db) =>
    db
      .updateTable('charging_command')
      .set({ webhook_state: state, webhook_due_at: dueAt ?? null, webhook_error: error ?? null })
      .where('id', '=', id)
      .where('webhook_state', '=', 'waiting')
      .where('webhook_attempts', '=', number)
      .execute(),
  )
}
