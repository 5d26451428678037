import { hash } from 'node:crypto'
import type { TransactionEvent } from '../../domain/charging-transaction.ts'
import { sameToken } from '../../domain/id-token.ts'
import { type MeterState, newerOf, newestOf, newestRegister, registersOf } from './meter.ts'
import type { StoredTransactionRow } from './transaction-rows.ts'

// A transaction of OCPP 2.0.1 is the join of its events: in whatever order they come, and however
// often each, the row ends the same. Each part of it is from the first or from the last event that
// says something of it; `versions` keeps from which.

/** Of an event: time, sequence number, content. Text that sorts. */
type Version = string

interface Versions {
  token?: Version
  remoteStart?: Version
  reservation?: Version
  meterStart?: Version
  chargingState?: Version
  stop?: Version
  meterStop?: Version
}

type Part = keyof Versions

export function joinEvent(
  row: StoredTransactionRow,
  event: TransactionEvent,
  now: number,
): StoredTransactionRow {
  const versions = (row.versions === null ? {} : JSON.parse(row.versions)) as Versions
  const version = versionOf(event)
  const isFirst = (part: Part): boolean => {
    const known = versions[part]
    if (known !== undefined && known <= version) return false
    versions[part] = version
    return true
  }
  const isLast = (part: Part): boolean => {
    const known = versions[part]
    if (known !== undefined && known >= version) return false
    versions[part] = version
    return true
  }
  const next = { ...row }
  next.started_at = Math.min(row.started_at, event.at)
  next.evse_id = Math.max(row.evse_id, event.evseId)
  next.connector_id = Math.max(row.connector_id, event.connectorId)
  if (event.isOffline) next.was_offline = 1
  if (event.tokenUid !== undefined && isFirst('token')) {
    next.token_uid = event.tokenUid
    next.token_key = sameToken(event.tokenUid)
    next.token_group_id = event.tokenGroupId ?? null
  }
  if (event.remoteStartId !== undefined && isFirst('remoteStart')) {
    next.remote_start_id = event.remoteStartId
  }
  if (event.reservationId !== undefined && isFirst('reservation')) {
    next.reservation_id = event.reservationId
  }
  if (event.chargingState !== undefined && isLast('chargingState')) {
    next.charging_state = event.chargingState
  }
  if (event.kind === 'Ended' && isLast('stop')) {
    next.stopped_at = event.at
    next.stop_reason = event.stopReason ?? null
  }
  const first = oldestOf(boundaryRegisters(event, 'Started', 'Transaction.Begin'))
  if (first !== undefined && isFirst('meterStart')) next.meter_start_wh = first.wh
  const last = newestOf(boundaryRegisters(event, 'Ended', 'Transaction.End'))
  if (last !== undefined && isLast('meterStop')) next.meter_stop_wh = last.wh
  const meter = newerOf(meterOf(row), newestRegister(event.readings, now))
  next.meter_at = meter?.at ?? null
  next.meter_wh = meter?.wh ?? null
  next.versions = JSON.stringify(versions)
  return next
}

function versionOf(event: TransactionEvent): Version {
  const unnamed = { ...event, chargePointId: '', ownId: '' }
  const content = hash('sha1', JSON.stringify(unnamed), 'base64url').slice(0, 11)
  // Time first: a charge point that restarts may count from 0 again.
  return `${padded(event.at, 15)}:${padded(event.seqNo, 16)}:${content}`
}

function padded(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

/** All registers of the event that begins or ends it, and those that say so themselves. */
function boundaryRegisters(
  { kind, readings }: TransactionEvent,
  boundary: 'Started' | 'Ended',
  ownContext: 'Transaction.Begin' | 'Transaction.End',
): MeterState[] {
  const marked = registersOf(readings, ({ context }) => context === ownContext)
  return marked.length > 0 || kind !== boundary ? marked : registersOf(readings)
}

function oldestOf(states: readonly MeterState[]): MeterState | undefined {
  return states.toSorted((a, b) => a.at - b.at || a.wh - b.wh)[0]
}

function meterOf({ meter_at, meter_wh }: StoredTransactionRow): MeterState | undefined {
  return meter_at === null || meter_wh === null ? undefined : { at: meter_at, wh: meter_wh }
}
