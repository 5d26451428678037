import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus } from '../outcome.ts'
import { needed, unsayable } from './unsayable.ts'

type Parameters = ParametersOf<'update-firmware'>

/** OCPP 1.6 §5.19. The answer is empty; how it goes is told by FirmwareStatusNotification. */
export const updateFirmware: OutboundAction = {
  kind: 'update-firmware',
  fits: (parameters: Parameters) => !isSigned(parameters),
  compose(parameters: Parameters): OCPP16.UpdateFirmwareRequest {
    const { location, retrieveAt, installAt, retries, retryIntervalSeconds } = parameters
    if (isSigned(parameters)) throw unsayable('signature', 'is said by SignedUpdateFirmware')
    if (installAt !== undefined) throw unsayable('installAt', 'needs signed firmware')
    return compact({
      location,
      retrieveDate: retrieveAt,
      retries,
      retryInterval: retryIntervalSeconds,
    })
  },
  read: readAnswer,
}

/** Security whitepaper §5.21. AcceptedCanceled: it has given up another update for this one. */
export const signedUpdateFirmware: OutboundAction = {
  kind: 'update-firmware',
  fits: isSigned,
  compose(parameters: Parameters): OCPP16.SignedUpdateFirmwareRequest {
    const { location, retrieveAt, installAt, signingCertificate, signature } = parameters
    return compact({
      requestId: needed(parameters.requestId, 'requestId'),
      retries: parameters.retries,
      retryInterval: parameters.retryIntervalSeconds,
      firmware: compact({
        location,
        retrieveDateTime: retrieveAt,
        installDateTime: installAt,
        signingCertificate: needed(signingCertificate, 'signingCertificate'),
        signature: needed(signature, 'signature'),
      }),
    })
  },
  read: readStatus,
}

function isSigned({ signingCertificate, signature }: Parameters): boolean {
  return signingCertificate !== undefined || signature !== undefined
}
