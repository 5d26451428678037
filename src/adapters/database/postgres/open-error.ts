import type { PostgresDatabaseConfig } from '../../../config/adapters.ts'
import { errorMessage, FleetgridError } from '../../../domain/errors.ts'
import { connectAdvice } from './translate-error.ts'

/** Why connecting failed, for people: `unavailable` only if waiting may help. */
export function openError(what: string, config: PostgresDatabaseConfig, error: unknown): Error {
  const message = `${what} at ${placeOf(config)}: ${errorMessage(error)}`
  const isAway = error instanceof FleetgridError && error.kind === 'unavailable'
  if (!isAway) return new Error(message, { cause: error })
  const advice = connectAdvice(error)
  if (advice !== undefined) return new Error(`${message}; ${advice}`, { cause: error })
  const maybe = `${message}; is it running, and is DATABASE_URL right?`
  return new FleetgridError('unavailable', maybe, { cause: error })
}

/** Without the user's name and password. */
function placeOf({ url }: PostgresDatabaseConfig): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
