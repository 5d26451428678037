import type { ConnectorState } from '../domain/charge-point.ts'
import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'

const STATES: Readonly<Record<ConnectorState, true>> = {
  Available: true,
  Preparing: true,
  Charging: true,
  SuspendedEV: true,
  SuspendedEVSE: true,
  Finishing: true,
  Occupied: true,
  Reserved: true,
  Unavailable: true,
  Faulted: true,
}

type Options = Pick<ServicesOptions, 'chargePoints' | 'onEvent'>

export function createConnectors(options: Options): ChargingServices['connectors'] {
  const { chargePoints, onEvent } = options
  return {
    async report(session, status) {
      await chargePoints.reportStatus(status)
      // A label: where unknown words are overlooked it could be anything.
      const outcome = Object.hasOwn(STATES, status.state) ? status.state : 'other'
      onEvent({ kind: 'status', outcome, chargePointId: session.id })
    },
  }
}
