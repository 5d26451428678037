import type { OCPP20 } from 'typed-ocpp'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** OCPP 2.0.1 §C11 */
export const clearCache: OutboundAction = {
  kind: 'clear-cache',
  compose(): OCPP20.ClearCacheRequest {
    return {}
  },
  read: readStatus,
}
