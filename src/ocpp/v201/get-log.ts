import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { needed } from './unsayable.ts'

const LOG = { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' } as const

/** OCPP 2.0.1 §N01. How the upload goes comes afterwards, with the same request id. */
export const getLog: OutboundAction = {
  kind: 'get-logs',
  compose(parameters: ParametersOf<'get-logs'>): OCPP20.GetLogRequest {
    const { log, location, from, to, requestId, retries, retryIntervalSeconds } = parameters
    return compact({
      logType: LOG[log],
      requestId: needed(requestId, 'requestId'),
      retries,
      retryInterval: retryIntervalSeconds,
      log: compact({ remoteLocation: location, oldestTimestamp: from, latestTimestamp: to }),
    })
  },
  read: readStatus,
}
