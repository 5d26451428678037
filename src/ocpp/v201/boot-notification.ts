import type { OCPP20 } from 'typed-ocpp'
import type { Registration } from '../../domain/charge-point.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { writeTime } from '../time.ts'

const STATUS = {
  accepted: 'Accepted',
  pending: 'Pending',
  rejected: 'Rejected',
} as const satisfies Record<Registration, string>

/** OCPP 2.0.1 §B01–B03 */
export const bootNotification: InboundAction = {
  beforeAcceptance: true,
  async handle({
    session,
    request: { chargingStation, reason },
    services: { booting, clock },
  }: InboundCall<OCPP20.BootNotificationRequest>): Promise<OCPP20.BootNotificationResponse> {
    const { vendorName, model, serialNumber, firmwareVersion, modem } = chargingStation
    const { registration, intervalSeconds } = await booting.boot(session, {
      vendor: vendorName,
      model,
      serialNumber,
      firmwareVersion,
      iccid: modem?.iccid,
      imsi: modem?.imsi,
      reason,
    })
    return {
      currentTime: writeTime(clock.now()),
      interval: intervalSeconds,
      status: STATUS[registration],
    }
  },
}
