import type { Generated } from 'kysely'

/** Signals of the last hour, for instances that were away when they were published. */
export interface SignalTable {
  /** Visible in ascending order: publishers take turns (adapters/signals/postgres.ts). */
  id: Generated<number>
  channel: string
  payload: string
  /** Epoch milliseconds by the database's clock. */
  created_at: number
}
