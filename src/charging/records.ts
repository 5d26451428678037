import { createHash } from 'node:crypto'
import type { JsonObject } from '../domain/json.ts'
import type { ChargingRecord, ChargingRecordKind } from '../ports/charging-records.ts'
import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'

type Options = Pick<ServicesOptions, 'records' | 'clock' | 'onEvent'>

export function createRecords(options: Options): ChargingServices['records'] {
  const { records, clock, onEvent } = options
  return {
    async add(session, kind, document, at = clock.now()) {
      await records.add(recordOf(session.id, kind, document, at))
      onEvent({ kind: 'record', outcome: kind, chargePointId: session.id })
    },
  }
}

/**
 * Told again it is the same record, if the charge point says when it was; else nobody can know whether
 * it is told again or has happened again, and both are kept.
 */
export function recordOf(
  chargePointId: string,
  kind: ChargingRecordKind,
  document: JsonObject,
  at: number,
): ChargingRecord {
  const content = JSON.stringify([kind, at, document])
  const key = createHash('sha256').update(content).digest('base64url')
  return { chargePointId, kind, at, key, document }
}
