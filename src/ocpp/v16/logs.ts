import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { ExecutionResult } from '../../charging/session.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus, toJson } from '../outcome.ts'
import { needed } from './unsayable.ts'

/** OCPP 1.6 §5.9. Without a file name there is nothing to upload. */
export const getDiagnostics: OutboundAction = {
  kind: 'get-diagnostics',
  compose({
    location,
    from,
    to,
    retries,
    retryIntervalSeconds,
  }: ParametersOf<'get-diagnostics'>): OCPP16.GetDiagnosticsRequest {
    return compact({
      location,
      startTime: from,
      stopTime: to,
      retries,
      retryInterval: retryIntervalSeconds,
    })
  },
  read(answer: OCPP16.GetDiagnosticsResponse): ExecutionResult {
    return answer.fileName === undefined
      ? { state: 'failed', answer: toJson(answer), reason: 'It has no diagnostics' }
      : readAnswer(answer)
  },
}

const LOGS = { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' } as const

/** Security whitepaper §5.9. AcceptedCanceled: it has given up another upload for this one. */
export const getLog: OutboundAction = {
  kind: 'get-logs',
  compose(parameters: ParametersOf<'get-logs'>): OCPP16.GetLogRequest {
    const { log, location, from, to, retries, retryIntervalSeconds, requestId } = parameters
    return compact({
      logType: LOGS[log],
      requestId: needed(requestId, 'requestId'),
      retries,
      retryInterval: retryIntervalSeconds,
      log: compact({ remoteLocation: location, oldestTimestamp: from, latestTimestamp: to }),
    })
  },
  read: readStatus,
}
