import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { unsayable } from './unsayable.ts'

/** OCPP 1.6 §5.14 */
export const reset: OutboundAction = {
  kind: 'reset',
  compose({ how, evseId = 0 }: ParametersOf<'reset'>): OCPP16.ResetRequest {
    if (how === 'on-idle') throw unsayable('how', 'is immediate or hard')
    if (evseId !== 0) throw unsayable('evseId', 'is left out: all of it is reset')
    return { type: how === 'hard' ? 'Hard' : 'Soft' }
  },
  read: readStatus,
}
