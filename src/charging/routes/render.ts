import type { ChargePoint, ConnectorStatus } from '../../domain/charge-point.ts'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { ChargingTransaction, MeterReading } from '../../domain/charging-transaction.ts'
import type { IdToken } from '../../domain/id-token.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargingRecord } from '../../ports/charging-records.ts'
import type { PlaceReading } from '../../ports/charging-transactions.ts'
import { hideSecrets } from '../secret-parameters.ts'

// Domain → JSON.

export function renderTime(at: number): string {
  return new Date(at).toISOString()
}

function renderTimeIf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : renderTime(at)
}

export function renderChargePoint({ keyHash, boot, connection, ...chargePoint }: ChargePoint) {
  const { nextKeyHash: _, createdAt, bootedAt, lastSeenAt, leniency, ...plain } = chargePoint
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
  const { tokenUid, startedAt, stoppedAt, closedAt } = transaction
  const { tokenGroupId: _, tokenUid: __, ...plain } = transaction
  return compact({
    ...plain,
    idToken: tokenUid,
    energyWh: energyOf(transaction),
    startedAt: renderTime(startedAt),
    stoppedAt: renderTimeIf(stoppedAt),
    closedAt: renderTimeIf(closedAt),
  })
}

/** Nobody can know it of a meter that went backwards: it was replaced, or began again. */
function energyOf({ meterStartWh, meterStopWh, meterWh }: ChargingTransaction): number | undefined {
  const lastWh = meterStopWh ?? meterWh
  if (lastWh === undefined || meterStartWh === undefined || lastWh < meterStartWh) return undefined
  const wh = Math.round((lastWh - meterStartWh) * 1000) / 1000
  return Number.isFinite(wh) ? wh : undefined
}

export function renderReading({ at, samples }: MeterReading) {
  return { at: renderTime(at), samples: samples.map(compact) }
}

export function renderPlaceReading({ evseId, connectorId, ...reading }: PlaceReading) {
  return { evseId, connectorId, ...renderReading(reading) }
}

export function renderIdToken({ expiresAt, ...token }: IdToken) {
  return compact({ ...token, expiresAt: renderTimeIf(expiresAt) })
}

export function renderCommand(command: ChargingCommand) {
  const { coalesceKey: _, attemptsLeft: __, webhook, ...plain } = command
  const { createdAt, expiresAt, sentAt, endedAt } = plain
  return compact({
    ...plain,
    webhook: webhook === undefined ? undefined : compact(webhook),
    parameters: hideSecrets(command.parameters),
    createdAt: renderTime(createdAt),
    expiresAt: renderTime(expiresAt),
    sentAt: renderTimeIf(sentAt),
    endedAt: renderTimeIf(endedAt),
  })
}
