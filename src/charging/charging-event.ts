/** What a charge point has told and what it has come to, once that is durable: for metrics and live views. */
export interface ChargingEvent {
  readonly kind:
    | 'boot'
    | 'authorize'
    | 'transaction-start'
    | 'transaction-stop'
    | 'transaction-event'
    | 'readings'
    | 'status'
    | 'record'
    | 'variables'
    | 'vendor-message'
  /**
   * Of few different ones: a registration, the status of a token or `no-token`, `orphan`, a connector's
   * state, a record's kind, a vendor's answer; `stored`.
   */
  readonly outcome: string
  /** Left out where nobody says who asks. */
  readonly chargePointId?: string
}

export type OnChargingEvent = (event: ChargingEvent) => void
