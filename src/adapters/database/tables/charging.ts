import type { Generated } from 'kysely'
import type { ConnectorState, ProtocolVersion, Registration } from '../../../domain/charge-point.ts'
import type { CommandState, CommandWebhook } from '../../../domain/charging-command.ts'
import type { TokenKind } from '../../../domain/id-token.ts'
import type { HoldingKind } from '../../../ports/charge-point-holdings.ts'
import type { ChargingRecordKind } from '../../../ports/charging-records.ts'

// Times are epoch milliseconds, energies Wh. JSON is text.

export interface ChargePointRow {
  id: string
  registration: Registration
  security_profile_min: 0 | 1 | 2 | 3
  leniency: string
  note: string | null
  key_hash: string | null
  /** It has been sent, and may be in use. */
  next_key_hash: string | null
  boot: string | null
  booted_at: number | null
  /** Raised by each connection, never lowered. */
  epoch: number
  /** Who holds its socket; null: nobody does. */
  instance: string | null
  connected_at: number | null
  protocol: ProtocolVersion | null
  last_seen_at: number | null
  created_at: number
}

/** As each connector is now. */
export interface ChargingConnectorRow {
  charge_point_id: string
  evse_id: number
  connector_id: number
  state: ConnectorState
  at: number
  error_code: string | null
  info: string | null
  vendor_id: string | null
  vendor_error_code: string | null
}

/** As each connector was: one row a report. */
export interface ChargingStatusRow extends ChargingConnectorRow {
  /** Of what was told: the same report is one row. */
  hash: string
  /** By our clock. */
  stored_at: Generated<number>
}

export interface IdTokenRow {
  /** Upper case. */
  key: string
  uid: string
  kind: TokenKind | null
  is_blocked: 0 | 1
  expires_at: number | null
  group_id: string | null
  concurrent_max: number
  note: string | null
}

export interface ChargingTransactionRow {
  /** What OCPP 1.6 calls it; with 2.0.1, known to us only. */
  number: Generated<number>
  /** Of what makes it one: the same start told again has the same. */
  key: string
  charge_point_id: string
  evse_id: number
  connector_id: number
  /** OCPP 2.0.1; null: it is one of 1.6. */
  own_id: string | null
  token_uid: string | null
  /** `token_uid` in upper case. */
  token_key: string | null
  token_group_id: string | null
  started_at: number
  meter_start_wh: number | null
  /** The newest that is known, and of when it is. */
  meter_wh: number | null
  meter_at: number | null
  stopped_at: number | null
  meter_stop_wh: number | null
  stop_reason: string | null
  stop_token_uid: string | null
  charging_state: string | null
  remote_start_id: number | null
  reservation_id: number | null
  was_offline: 0 | 1
  /** OCPP 2.0.1: which event each of these is from (join-event.ts). */
  versions: string | null
  /** Raised by whoever is about to change it, so that others wait. */
  revision: number
  /** When the charge point last told something of it, by our clock. */
  told_at: number | null
  /** When another one began at its EVSE: nobody has told of its end. */
  superseded_at: number | null
  /** When an operator gave it up. */
  closed_at: number | null
  close_reason: string | null
  /** When it was stopped or closed, by our clock. */
  ended_at: number | null
  /** Its readings were kept long enough. */
  readings_dropped: Generated<0 | 1>
}

/** One row for each time a meter was read in a transaction. */
export interface ChargingReadingRow {
  transaction_number: number
  at: number
  hash: string
  samples: string
}

/** The same outside transactions. */
export interface ChargingPlaceReadingRow {
  charge_point_id: string
  evse_id: number
  connector_id: number
  at: number
  hash: string
  samples: string
  /** By our clock. */
  stored_at: Generated<number>
}

export interface ChargingCommandRow {
  id: string
  charge_point_id: string
  kind: string
  parameters: string
  state: CommandState
  created_at: number
  expires_at: number
  sent_at: number | null
  ended_at: number | null
  answer: string | null
  reason: string | null
  coalesce_key: string | null
  /** Who has claimed it. */
  instance: string | null
  /** Of the one call that has claimed it. */
  claim: string | null
  /** Of the connection on which it was sent. */
  epoch: number | null
  attempts_left: number
  webhook_url: string | null
  webhook_state: CommandWebhook['state'] | null
  webhook_attempts: number
  webhook_error: string | null
  /** When it is to be told, once it has ended. */
  webhook_due_at: number | null
}

export interface ChargingRecordRow {
  charge_point_id: string
  kind: ChargingRecordKind
  key: string
  at: number
  document: string
  /** By our clock. */
  stored_at: Generated<number>
}

/** What a charge point is believed to hold. */
export interface ChargingHoldingRow {
  charge_point_id: string
  kind: HoldingKind
  key: string
  state: string | null
  document: string
  at: number
  expires_at: number | null
}

/** The last version of its local list that was given out. */
export interface ChargingListVersionRow {
  charge_point_id: string
  version: number
}

export interface ChargingTables {
  charge_point: ChargePointRow
  charging_connector: ChargingConnectorRow
  charging_status: ChargingStatusRow
  id_token: IdTokenRow
  charging_transaction: ChargingTransactionRow
  charging_reading: ChargingReadingRow
  charging_place_reading: ChargingPlaceReadingRow
  charging_command: ChargingCommandRow
  charging_record: ChargingRecordRow
  charging_holding: ChargingHoldingRow
  charging_list_version: ChargingListVersionRow
}
