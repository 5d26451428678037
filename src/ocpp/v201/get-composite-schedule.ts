import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** OCPP 2.0.1 §K08 */
export const getCompositeSchedule: OutboundAction = {
  kind: 'get-composite-schedule',
  compose({
    evseId,
    durationSeconds,
    unit,
  }: ParametersOf<'get-composite-schedule'>): OCPP20.GetCompositeScheduleRequest {
    return compact({ evseId, duration: durationSeconds, chargingRateUnit: unit })
  },
  read: readStatus,
}
