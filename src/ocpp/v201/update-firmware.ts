import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { needed } from './unsayable.ts'

/** OCPP 2.0.1 §L01, §L02. How it goes comes afterwards, with the same request id. */
export const updateFirmware: OutboundAction = {
  kind: 'update-firmware',
  compose(parameters: ParametersOf<'update-firmware'>): OCPP20.UpdateFirmwareRequest {
    const { location, retrieveAt, installAt, signingCertificate, signature } = parameters
    return compact({
      requestId: needed(parameters.requestId, 'requestId'),
      retries: parameters.retries,
      retryInterval: parameters.retryIntervalSeconds,
      firmware: compact({
        location,
        retrieveDateTime: retrieveAt,
        installDateTime: installAt,
        signingCertificate,
        signature,
      }),
    })
  },
  read: readStatus,
}
