import { type BackoffLimits, backoffMs } from './backoff.ts'
import { pause } from './pause.ts'

export interface KeepTryingOptions {
  /** No further try. */
  readonly signal: AbortSignal
  readonly backoff: BackoffLimits
  /** False: trying again is no use. */
  readonly isPassing: (error: unknown) => boolean
  /** The first failure, for a log line. */
  readonly onRetry: (error: unknown) => void
}

/** Until it succeeds. @throws the last failure, when it won't pass or `signal` is given */
export async function keepTrying<T>(
  work: () => Promise<T>,
  { signal, backoff, isPassing, onRetry }: KeepTryingOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isPassing(error) || signal.aborted) throw error
      if (attempt === 1) onRetry(error)
      await pause(backoffMs(attempt, backoff), signal)
    }
  }
}
