import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { isOneEvse } from './place.ts'
import { unsayable } from './unsayable.ts'

const HOW = { immediate: 'Immediate', 'on-idle': 'OnIdle' } as const

/** OCPP 2.0.1 §B11, §B12: of the charge point, or one of its EVSEs. */
export const reset: OutboundAction = {
  kind: 'reset',
  compose({ how, evseId }: ParametersOf<'reset'>): OCPP20.ResetRequest {
    if (how === 'hard') throw unsayable('how', 'is immediate or on-idle')
    return compact({
      type: HOW[how],
      evseId: isOneEvse(evseId) ? evseId : undefined,
    })
  },
  read: readStatus,
}
