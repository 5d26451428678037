/** What of charging is kept for a time; each kind for its own. */
export type ChargingData =
  /** Of transactions that have ended. */
  | 'readings'
  | 'place-readings'
  | 'records'
  /** That have ended. */
  | 'commands'
  /** That are over, as they said when they were made. */
  | 'reservations'
  | 'statuses'
  /** That have ended, and whose readings were dropped before. */
  | 'transactions'

export interface DroppedStep {
  readonly dropped: number
  /** Nothing of it is left that is older. */
  readonly isDone: boolean
}

export interface ChargingRetention {
  /**
   * Drops some of what was stored, or has ended, before then, the oldest first: so few that whoever
   * writes meanwhile waits for milliseconds. Times are ours, not those of charge points.
   * @throws FleetgridError `unavailable` while the store is away
   */
  dropStep(data: ChargingData, before: number): Promise<DroppedStep>
}
