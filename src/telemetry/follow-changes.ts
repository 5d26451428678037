import type { Logger } from 'pino'
import { errorMessage } from '../domain/errors.ts'
import { createRepeater, type Repeater } from '../lib/repeater.ts'
import type { FleetIndex, RegistrySnapshot } from '../ports/fleet-index.ts'

const INTERVAL_MS = 1000

export interface FollowDeps {
  readonly fleetIndex: FleetIndex
  readonly learn: (snapshot: RegistrySnapshot) => void
  readonly logger: Logger
}

/**
 * Keeps the registry of this process up to date with what other instances store: a shared feed gives
 * each of them only some of a vehicle's messages.
 */
export function followChanges({ fleetIndex, learn, logger }: FollowDeps): Repeater {
  let isFailing = false
  return createRepeater({
    intervalMs: INTERVAL_MS,
    firstAfterMs: INTERVAL_MS,
    async run() {
      try {
        learn(await fleetIndex.readChanges())
        if (isFailing) logger.info('changes of other instances are read again')
        isFailing = false
      } catch (error) {
        if (!isFailing)
          logger.warn({ cause: errorMessage(error) }, "changes of other instances can't be read")
        isFailing = true
      }
    },
  })
}
