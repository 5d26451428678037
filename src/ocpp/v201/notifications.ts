import type { OCPP20 } from 'typed-ocpp'
import type { InboundAction } from '../action.ts'
import { keepRecord } from '../keep-record.ts'
import { readTime } from '../time.ts'

// What is kept as it came.

/** OCPP 2.0.1 §A04; queued by the charge point, its delivery is guaranteed. */
export const securityEventNotification: InboundAction = {
  ...keepRecord('security-event', ({ timestamp }: OCPP20.SecurityEventNotificationRequest) =>
    readTime(timestamp),
  ),
  isGuaranteed: true,
}

/** OCPP 2.0.1 §L01 */
export const firmwareStatusNotification = keepRecord('firmware-status')

/** OCPP 2.0.1 §N01 */
export const logStatusNotification = keepRecord('log-status')

/** OCPP 2.0.1 §N09 */
export const notifyCustomerInformation = keepRecord(
  'customer-information',
  ({ generatedAt }: OCPP20.NotifyCustomerInformationRequest) => readTime(generatedAt),
)
