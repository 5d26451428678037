import type { ChargePoint, ConnectorStatus } from '../../domain/charge-point.ts'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { ChargingTransaction, MeterReading } from '../../domain/charging-transaction.ts'
import type { IdToken } from '../../domain/id-token.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargingRecord } from '../../ports/charging-records.ts'
import { hideSecrets } from '../secret-parameters.ts'

// Domain → JSON.

export function renderTime(at: number): string {
  return new Date(at).toISOString()
}

function renderTimeIf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : renderTime(at)
}

export function renderChargePoint({ keyHash, boot, connection, ...chargePoint }: ChargePoint) {
  const { createdAt, bootedAt, lastSeenAt, leniency, ...plain } = chargePoint
  const { vendor, model, serialNumber, firmwareVersion } = boot ?? {}
  return compact({
    ...plain,
    ...{ vendor, model, serialNumber, firmwareVersion },
    leniency: [...leniency],
    hasKey: keyHash !== undefined,
    isConnected: connection !== undefined,
    connectedAt: renderTimeIf(connection?.connectedAt),
    lastSeenAt: renderTimeIf(lastSeenAt),
    bootedAt: renderTimeIf(bootedAt),
    createdAt: renderTime(createdAt),
  })
}

export function renderConnector({ chargePointId: _, at, ...status }: ConnectorStatus) {
  return compact({ ...status, at: renderTime(at) })
}

export function renderRecord({ kind, at, document }: ChargingRecord) {
  return { kind, at: renderTime(at), document }
}

export function renderTransaction(transaction: ChargingTransaction) {
  const { tokenUid, startedAt, stoppedAt, meterStartWh, meterStopWh, meterWh } = transaction
  const { tokenGroupId: _, tokenUid: __, ...plain } = transaction
  const lastWh = meterStopWh ?? meterWh
  const isKnown = lastWh !== undefined && meterStartWh !== undefined
  return compact({
    ...plain,
    idToken: tokenUid,
    energyWh: isKnown ? lastWh - meterStartWh : undefined,
    startedAt: renderTime(startedAt),
    stoppedAt: renderTimeIf(stoppedAt),
  })
}

export function renderReading({ at, samples }: MeterReading) {
  return { at: renderTime(at), samples: samples.map(compact) }
}

export function renderIdToken({ expiresAt, ...token }: IdToken) {
  return compact({ ...token, expiresAt: renderTimeIf(expiresAt) })
}

export function renderCommand({ coalesceKey: _, ...command }: ChargingCommand) {
  const { createdAt, expiresAt, sentAt, endedAt } = command
  return compact({
    ...command,
    parameters: hideSecrets(command.parameters),
    createdAt: renderTime(createdAt),
    expiresAt: renderTime(expiresAt),
    sentAt: renderTimeIf(sentAt),
    endedAt: renderTimeIf(endedAt),
  })
}
