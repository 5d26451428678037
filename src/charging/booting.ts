import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'

type Options = Pick<
  ServicesOptions,
  'chargePoints' | 'clock' | 'heartbeatIntervalSeconds' | 'bootRetryIntervalSeconds' | 'onEvent'
>

/** What it is, also of those that may not work: an operator decides about them by it. */
export function createBooting(options: Options): ChargingServices['booting'] {
  const { chargePoints, clock, onEvent } = options
  return {
    async boot(session, boot) {
      const decided = await chargePoints.booted(session.id, boot, clock.now())
      // Whoever has been removed since it connected must not go on.
      const registration = decided ?? 'rejected'
      session.registration = registration
      onEvent({ kind: 'boot', outcome: registration, chargePointId: session.id })
      const isAccepted = registration === 'accepted'
      return {
        registration,
        intervalSeconds: isAccepted
          ? options.heartbeatIntervalSeconds
          : options.bootRetryIntervalSeconds,
      }
    },
  }
}
