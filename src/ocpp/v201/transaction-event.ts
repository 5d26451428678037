import type { OCPP20 } from 'typed-ocpp'
import type { TransactionEvent } from '../../domain/charging-transaction.ts'
import type { JsonObject } from '../../domain/json.ts'
import { compact } from '../../lib/compact.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'
import { readTokenUid, writeTokenInfo } from './id-token.ts'
import { readMeterValues } from './meter-value.ts'

/**
 * OCPP 2.0.1 §E01–E15. It has happened: it is never rejected, whatever is known of the transaction or its
 * token, in whatever order it comes.
 */
export const transactionEvent: InboundAction = {
  isGuaranteed: true,
  async handle({
    session,
    request,
    services: { transactions, records },
  }: InboundCall<OCPP20.TransactionEventRequest>): Promise<OCPP20.TransactionEventResponse> {
    const event = readEvent(session.id, request)
    const detail = readDetail(request)
    const [info] = await Promise.all([
      transactions.record(session, event),
      detail && records.add(session, 'transaction-detail', detail, event.at),
    ])
    const { idToken } = request
    return idToken === undefined ? {} : { idTokenInfo: writeTokenInfo(idToken, info) }
  },
}

function readEvent(
  chargePointId: string,
  request: OCPP20.TransactionEventRequest,
): TransactionEvent {
  const { transactionInfo, evse } = request
  const { transactionId, chargingState, stoppedReason, remoteStartId } = transactionInfo
  return {
    chargePointId,
    // 0: it doesn't know yet where, e.g. a token was shown before a cable was plugged in.
    evseId: evse?.id ?? 0,
    connectorId: evse?.connectorId ?? 0,
    ownId: transactionId,
    kind: request.eventType,
    seqNo: request.seqNo,
    at: readTime(request.timestamp),
    trigger: request.triggerReason,
    tokenUid: readTokenUid(request.idToken),
    chargingState,
    // Local may be left out (TransactionType.stoppedReason).
    stopReason: stoppedReason ?? (request.eventType === 'Ended' ? 'Local' : undefined),
    remoteStartId,
    reservationId: request.reservationId,
    isOffline: request.offline ?? false,
    readings: readMeterValues(request.meterValue),
  }
}

/** What it says beside, which is no part of a transaction as all versions know it. */
function readDetail(request: OCPP20.TransactionEventRequest): JsonObject | undefined {
  const { numberOfPhasesUsed, cableMaxCurrent, transactionInfo, eventType, seqNo } = request
  const { timeSpentCharging, transactionId } = transactionInfo
  const detail: JsonObject = compact({ numberOfPhasesUsed, cableMaxCurrent, timeSpentCharging })
  if (Object.keys(detail).length === 0) return undefined
  return { transactionId, eventType, seqNo, ...detail }
}
