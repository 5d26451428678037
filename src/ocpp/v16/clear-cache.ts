import type { OCPP16 } from 'typed-ocpp'

import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'

/** OCPP 1.6 §5.4 */
export const clearCache: OutboundAction = {
  kind: 'clear-cache',
  compose: (): OCPP16.ClearCacheRequest => ({}),
  read: readStatus,
}
