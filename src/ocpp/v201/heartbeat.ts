import type { OCPP20 } from 'typed-ocpp'
import type { InboundAction, InboundCall } from '../action.ts'
import { writeTime } from '../time.ts'

/** OCPP 2.0.1 §G02. That it lives is noted with every message; its clock is set by the answer. */
export const heartbeat: InboundAction = {
  async handle({
    services: { clock },
  }: InboundCall<OCPP20.HeartbeatRequest>): Promise<OCPP20.HeartbeatResponse> {
    return { currentTime: writeTime(clock.now()) }
  },
}
