import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction } from '../action.ts'
import { keepRecord } from '../keep-record.ts'
import { readTime } from '../time.ts'

// What is kept as it came.

/** OCPP 1.6 §4.4 */
export const diagnosticsStatusNotification = keepRecord('diagnostics-status')

/** OCPP 1.6 §4.5 */
export const firmwareStatusNotification = keepRecord('firmware-status')

/** Security whitepaper §5.19 */
export const signedFirmwareStatusNotification = keepRecord('firmware-status')

/** Security whitepaper §5.13 */
export const logStatusNotification = keepRecord('log-status')

/** Security whitepaper §5.15; queued by the charge point, its delivery is guaranteed. */
export const securityEventNotification: InboundAction = {
  ...keepRecord('security-event', ({ timestamp }: OCPP16.SecurityEventNotificationRequest) =>
    readTime(timestamp),
  ),
  isGuaranteed: true,
}
