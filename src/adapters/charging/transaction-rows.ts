import { hash } from 'node:crypto'
import {
  type ChargingTransaction,
  splitTransactionId,
  type TransactionStart,
  type TransactionState,
  transactionId,
} from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import type { ChargingTransactionRow } from '../database/tables/charging.ts'

/** A row as it is read. */
export type StoredTransactionRow = Omit<ChargingTransactionRow, 'number' | 'readings_dropped'> & {
  readonly number: number
  readonly readings_dropped: 0 | 1
}

/** For RETURNING of a statement with several tables, where `*` would be all of theirs. */
export const ROW_COLUMNS = [
  ...['number', 'key', 'charge_point_id', 'evse_id', 'connector_id', 'own_id', 'token_uid'],
  ...['token_key', 'token_group_id', 'started_at', 'meter_start_wh', 'meter_wh', 'meter_at'],
  ...['stopped_at', 'meter_stop_wh', 'stop_reason', 'stop_token_uid', 'charging_state'],
  ...['remote_start_id', 'reservation_id', 'was_offline', 'versions', 'revision', 'told_at'],
  ...['superseded_at', 'closed_at', 'close_reason', 'ended_at', 'readings_dropped'],
]
  .map((column) => `charging_transaction.${column}`)
  .join(', ')

/** @param silentBefore what wasn't told of since then is lost */
export function toTransaction(
  row: StoredTransactionRow,
  silentBefore: number,
): ChargingTransaction {
  const name = row.own_id === null ? { number: row.number } : { ownId: row.own_id }
  return {
    id: idOf(row),
    ...name,
    state: stateOf(row, silentBefore),
    chargePointId: row.charge_point_id,
    evseId: row.evse_id,
    connectorId: row.connector_id,
    tokenUid: row.token_uid ?? undefined,
    tokenGroupId: row.token_group_id ?? undefined,
    startedAt: row.started_at,
    meterStartWh: row.meter_start_wh ?? undefined,
    meterWh: row.meter_wh ?? undefined,
    stoppedAt: row.stopped_at ?? undefined,
    meterStopWh: row.meter_stop_wh ?? undefined,
    stopReason: row.stop_reason ?? undefined,
    closedAt: row.closed_at ?? undefined,
    closeReason: row.close_reason ?? undefined,
    chargingState: row.charging_state ?? undefined,
    remoteStartId: row.remote_start_id ?? undefined,
    reservationId: row.reservation_id ?? undefined,
    wasOffline: row.was_offline === 1,
  }
}

export function idOf(row: StoredTransactionRow): string {
  return transactionId(row.charge_point_id, row.own_id ?? row.number)
}

function stateOf(row: StoredTransactionRow, silentBefore: number): TransactionState {
  if (row.stopped_at !== null) return 'stopped'
  if (row.closed_at !== null) return 'closed'
  const isSilent = row.told_at !== null && row.told_at < silentBefore
  return isSilent || row.superseded_at !== null ? 'lost' : 'running'
}

export function startKey(start: TransactionStart): string {
  const { chargePointId, evseId, connectorId, tokenUid, at, meterStartWh } = start
  const hashed = keyOf(chargePointId, evseId, connectorId, sameToken(tokenUid), at, meterStartWh)
  // Time first: what starts now is together in the index, and few of its pages change.
  return `${at.toString(36)}:${hashed}`
}

export function ownKey(chargePointId: string, ownId: string): string {
  return keyOf(chargePointId, ownId)
}

/** Two may have the same id only if the charge point itself counts as we do. */
export interface IdParts {
  readonly chargePointId: string
  /** Of 1.6. */
  readonly number: number | undefined
  /** Of 2.0.1. */
  readonly key: string
}

export function splitId(id: string): IdParts {
  const { chargePointId, own } = splitTransactionId(id)
  const number = /^[1-9]\d{0,9}$/.test(own) ? Number(own) : undefined
  return { chargePointId, number, key: ownKey(chargePointId, own) }
}

function keyOf(...parts: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)
}
