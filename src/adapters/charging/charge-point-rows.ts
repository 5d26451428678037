import type {
  BootInfo,
  ChargePoint,
  ChargePointConnection,
  ChargePointSettings,
  ConnectorStatus,
} from '../../domain/charge-point.ts'
import type { ChargePointRow, ChargingConnectorRow } from '../database/tables/charging.ts'

export function toChargePoint(row: ChargePointRow): ChargePoint {
  return {
    id: row.id,
    registration: row.registration,
    securityProfileMin: row.security_profile_min,
    leniency: JSON.parse(row.leniency) as string[],
    note: row.note ?? undefined,
    keyHash: row.key_hash ?? undefined,
    nextKeyHash: row.next_key_hash ?? undefined,
    boot: row.boot === null ? undefined : (JSON.parse(row.boot) as BootInfo),
    bootedAt: row.booted_at ?? undefined,
    connection: toConnection(row),
    protocol: row.protocol ?? undefined,
    lastSeenAt: row.last_seen_at ?? undefined,
    createdAt: row.created_at,
  }
}

function toConnection(row: ChargePointRow): ChargePointConnection | undefined {
  const { instance, protocol, epoch } = row
  if (instance === null || protocol === null) return undefined
  return { instance, epoch, protocol, connectedAt: row.connected_at ?? 0 }
}

/** Columns of what an operator decides, of those that are given. */
export function settingColumns(settings: Partial<ChargePointSettings>): Partial<ChargePointRow> {
  const { registration, securityProfileMin, leniency } = settings
  return {
    ...(registration !== undefined && { registration }),
    ...(securityProfileMin !== undefined && { security_profile_min: securityProfileMin }),
    ...(leniency !== undefined && { leniency: JSON.stringify(leniency) }),
    ...('note' in settings && { note: settings.note ?? null }),
  }
}

export function toConnectorRow(status: ConnectorStatus): ChargingConnectorRow {
  return {
    charge_point_id: status.chargePointId,
    evse_id: status.evseId,
    connector_id: status.connectorId,
    state: status.state,
    at: status.at,
    error_code: status.errorCode ?? null,
    info: status.info ?? null,
    vendor_id: status.vendorId ?? null,
    vendor_error_code: status.vendorErrorCode ?? null,
  }
}

export function toConnectorStatus(row: ChargingConnectorRow): ConnectorStatus {
  return {
    chargePointId: row.charge_point_id,
    evseId: row.evse_id,
    connectorId: row.connector_id,
    state: row.state,
    at: row.at,
    errorCode: row.error_code ?? undefined,
    info: row.info ?? undefined,
    vendorId: row.vendor_id ?? undefined,
    vendorErrorCode: row.vendor_error_code ?? undefined,
  }
}
