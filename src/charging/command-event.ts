import type { ChargingCommand, CommandState } from '../domain/charging-command.ts'

/** What becomes of commands, for metrics and log lines. */
export type CommandEvent =
  | { readonly kind: 'requested' | 'sent'; readonly command: ChargingCommand }
  | { readonly kind: 'ended'; readonly command: ChargingCommand; readonly state: CommandState }
  | { readonly kind: 'failed'; readonly what: string; readonly error: unknown }
  /** delivered: somebody was told of an outcome; retried: not yet; failed: given up. */
  | { readonly kind: 'webhook'; readonly outcome: 'delivered' | 'retried' | 'failed' }

export type OnCommandEvent = (event: CommandEvent) => void
