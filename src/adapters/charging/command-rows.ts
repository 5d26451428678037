import type { ChargingCommand, CommandWebhook } from '../../domain/charging-command.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ClaimedCommand } from '../../ports/charging-commands.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'

/** As it is asked for. */
export const NEW_COMMAND_COLUMNS = {
  id: 'text',
  charge_point_id: 'text',
  kind: 'text',
  parameters: 'json',
  state: 'text',
  created_at: 'integer',
  expires_at: 'integer',
  coalesce_key: 'text',
  attempts_left: 'integer',
  webhook_url: 'text',
  webhook_state: 'text',
  webhook_due_at: 'integer',
} as const

export function toNewCommandRow(command: ChargingCommand) {
  const { webhook, createdAt } = command
  return {
    id: command.id,
    charge_point_id: command.chargePointId,
    kind: command.kind,
    parameters: command.parameters,
    state: command.state,
    created_at: createdAt,
    expires_at: command.expiresAt,
    coalesce_key: command.coalesceKey,
    attempts_left: command.attemptsLeft,
    webhook_url: webhook?.url,
    webhook_state: webhook?.state,
    // As soon as it has ended.
    webhook_due_at: webhook === undefined ? undefined : createdAt,
  }
}

export function toCommand(row: ChargingCommandRow): ChargingCommand {
  return {
    id: row.id,
    chargePointId: row.charge_point_id,
    kind: row.kind,
    parameters: JSON.parse(row.parameters) as JsonObject,
    state: row.state,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    sentAt: row.sent_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    answer: row.answer === null ? undefined : (JSON.parse(row.answer) as JsonObject),
    reason: row.reason ?? undefined,
    coalesceKey: row.coalesce_key ?? undefined,
    attemptsLeft: row.attempts_left,
    webhook: toWebhook(row),
  }
}

export function toClaimed(row: ChargingCommandRow): ClaimedCommand {
  return { ...toCommand(row), claim: row.claim ?? '' }
}

function toWebhook(row: ChargingCommandRow): CommandWebhook | undefined {
  const { webhook_url: url, webhook_state: state, webhook_attempts: attempts } = row
  if (url === null || state === null) return undefined
  return { url, state, attempts, lastError: row.webhook_error ?? undefined }
}
