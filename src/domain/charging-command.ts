import type { JsonObject } from './json.ts'

/**
 * queued: waits for the charge point; sent: it has it, its answer is out; then one of the ends.
 * unknown: it may or may not have been carried out (no answer, or this process ended in between).
 */
export type CommandState =
  | 'queued'
  | 'sent'
  | 'accepted'
  | 'rejected'
  | 'failed'
  | 'expired'
  | 'superseded'
  | 'cancelled'
  | 'unknown'

/** Something that a charge point is told to do, from when it was asked for to its outcome. */
export interface ChargingCommand {
  readonly id: string
  readonly chargePointId: string
  /** In words of ours: see src/charging/command-kinds.ts. */
  readonly kind: string
  readonly parameters: JsonObject
  readonly state: CommandState
  readonly createdAt: number
  readonly expiresAt: number
  /** The last time. Queued with it: it is to be sent again. */
  readonly sentAt?: number | undefined
  readonly endedAt?: number | undefined
  /** What the charge point answered, in the words of its protocol. */
  readonly answer?: JsonObject | undefined
  /** Why it ended without an answer, or is to be sent again. */
  readonly reason?: string | undefined
  /** Later commands with the same key replace it while it is queued. */
  readonly coalesceKey?: string | undefined
  /** How often it may be sent. At first 1 for what must not happen twice. */
  readonly attemptsLeft: number
  /** Who is told of its outcome. */
  readonly webhook?: CommandWebhook | undefined
}

export interface CommandWebhook {
  readonly url: string
  /** waiting: for the outcome, or for the next attempt to tell it; failed: given up. */
  readonly state: 'waiting' | 'delivered' | 'failed'
  readonly attempts: number
  readonly lastError?: string | undefined
}

export function hasEnded({ state }: Pick<ChargingCommand, 'state'>): boolean {
  return state !== 'queued' && state !== 'sent'
}
