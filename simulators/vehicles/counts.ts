import type { MessageKind } from './messages.ts'

/** What became of every message. Only PUBACK counts as arrived. */
export interface Counts {
  /** Handed to the broker for the first time; published = acknowledged + failed + in flight. */
  published: number
  acknowledged: number
  failed: number
  /** Never sent: too old while there was no connection, or unsent at the end. */
  dropped: number
  /** Reports left out because the broker, or this machine, was too slow. */
  skippedTicks: number
  reconnects: number
  readonly acknowledgedByKind: Record<MessageKind, number>
}

export function createCounts(): Counts {
  return {
    published: 0,
    acknowledged: 0,
    failed: 0,
    dropped: 0,
    skippedTicks: 0,
    reconnects: 0,
    acknowledgedByKind: { group: 0, device: 0, cardata: 0, trip: 0, dtc: 0, event: 0 },
  }
}
