import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'

export function toCommandRow(command: ChargingCommand) {
  return {
    id: command.id,
    charge_point_id: command.chargePointId,
    kind: command.kind,
    parameters: command.parameters,
    state: command.state,
    created_at: command.createdAt,
    expires_at: command.expiresAt,
    sent_at: command.sentAt,
    ended_at: command.endedAt,
    answer: command.answer,
    reason: command.reason,
    coalesce_key: command.coalesceKey,
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
  }
}
