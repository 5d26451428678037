import { merge } from './holdings/variables.ts'
import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'

type Options = Pick<ServicesOptions, 'holdings' | 'clock' | 'onEvent'>

export function createVariables(options: Options): ChargingServices['variables'] {
  const { holdings, clock, onEvent } = options
  return {
    async report(session, variables) {
      const { id: chargePointId } = session
      // By our clock, as answers to commands are: the two are compared, and its own may be off.
      const at = clock.now()
      const { put, isWhole } = await merge(holdings, chargePointId, variables)
      await holdings.change({ chargePointId, at, put })
      onEvent({ kind: 'variables', outcome: isWhole ? 'stored' : 'too-many', chargePointId })
    },
  }
}
