import type { OCPP16 } from 'typed-ocpp'
import type { Registration } from '../../domain/charge-point.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { writeTime } from '../time.ts'

const STATUS = {
  accepted: 'Accepted',
  pending: 'Pending',
  rejected: 'Rejected',
} as const satisfies Record<Registration, string>

/** OCPP 1.6 §4.2 */
export const bootNotification: InboundAction = {
  beforeAcceptance: true,
  async handle({
    session,
    request,
    services: { booting, clock },
  }: InboundCall<OCPP16.BootNotificationRequest>): Promise<OCPP16.BootNotificationResponse> {
    const { registration, intervalSeconds } = await booting.boot(session, {
      vendor: request.chargePointVendor,
      model: request.chargePointModel,
      // The second name is the deprecated one of the same thing (§6.3).
      serialNumber: request.chargePointSerialNumber ?? request.chargeBoxSerialNumber,
      firmwareVersion: request.firmwareVersion,
      iccid: request.iccid,
      imsi: request.imsi,
      meterType: request.meterType,
      meterSerialNumber: request.meterSerialNumber,
    })
    return {
      status: STATUS[registration],
      currentTime: writeTime(clock.now()),
      interval: intervalSeconds,
    }
  },
}
