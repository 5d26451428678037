import type { ServicesOptions } from './create-services.ts'
import type { ChargingServices } from './services.ts'

type Options = Pick<ServicesOptions, 'chargePoints' | 'onEvent'>

export function createConnectors(options: Options): ChargingServices['connectors'] {
  const { chargePoints, onEvent } = options
  return {
    async report(session, status) {
      await chargePoints.reportStatus(status)
      onEvent({ kind: 'status', outcome: status.state, chargePointId: session.id })
    },
  }
}
