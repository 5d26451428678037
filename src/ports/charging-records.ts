import type { JsonObject } from '../domain/json.ts'

/** What a charge point tells beside its connectors and transactions; kept as it came. */
export interface ChargingRecord {
  readonly chargePointId: string
  readonly kind: ChargingRecordKind
  /** Epoch milliseconds, by the charge point's clock if it says so. */
  readonly at: number
  /** The same text for the same thing told again: it is kept once. */
  readonly key: string
  readonly document: JsonObject
}

export type ChargingRecordKind =
  | 'security-event'
  | 'firmware-status'
  | 'diagnostics-status'
  | 'log-status'
  /** What an event of a transaction tells beside (OCPP 2.0.1): phases, cable, time. */
  | 'transaction-detail'
  | 'device-report'
  | 'device-event'
  | 'customer-information'
  | 'data-transfer'
  | 'certificate-request'
  /** A transaction message that fits no transaction: nothing is thrown away. */
  | 'orphan'

export interface ChargingRecords {
  /** Durable when it resolves. */
  add(record: ChargingRecord): Promise<void>
  /** Newest first. */
  list(query: {
    readonly chargePointId: string
    readonly kind?: ChargingRecordKind
    readonly before?: { readonly at: number; readonly key: string }
    readonly limit: number
  }): Promise<readonly ChargingRecord[]>
}
