import { FleetgridError, isUnavailable } from '../domain/errors.ts'
import { keepTrying } from '../lib/keep-trying.ts'
import { unlessAborted } from '../lib/within.ts'

export interface Patience {
  readonly withinMs: number
  /** False: the charge point doesn't wait for its answer any more. */
  readonly isWanted: () => boolean
}

const RETRY = { baseMs: 200, maxMs: 2000 }

/**
 * Again and again what could not be stored, as long as the store is away.
 * @throws FleetgridError `unavailable` when it isn't stored in time
 */
export async function handleLater<Answer>(
  handle: () => Promise<Answer>,
  { withinMs, isWanted }: Patience,
): Promise<Answer> {
  const late = AbortSignal.timeout(Math.max(0, Math.ceil(withinMs)))
  const isPassing = (error: unknown): boolean => isUnavailable(error) && isWanted()
  const options = { signal: late, backoff: RETRY, isPassing, onRetry: () => {} }
  try {
    return await unlessAborted(keepTrying(handle, options), late)
  } catch (cause) {
    if (!late.aborted) throw cause
    throw new FleetgridError('unavailable', 'It could not be stored in time.', { cause })
  }
}
