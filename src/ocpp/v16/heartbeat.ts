import type { OCPP16 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { writeTime } from '../time.ts'

/** OCPP 1.6 §4.6: what a charge point sets its clock by. Nothing is written. */
export const heartbeat: InboundAction = {
  async handle({
    services: { clock },
  }: InboundCall<OCPP16.HeartbeatRequest>): Promise<OCPP16.HeartbeatResponse> {
    return { currentTime: writeTime(clock.now()) }
  },
}
