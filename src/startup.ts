import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from './domain/clock.ts'
import { FleetgridError } from './domain/errors.ts'

/** How long an engine that isn't there yet is waited for; OpenSearch has the same. */
const WAIT_MAX_MS = 60_000
const RETRY_MS = 1000
const REMIND_MS = 60_000

/** What this process does until it serves: for GET /ready and, now and then, for the log. */
export interface Startup {
  begin(what: string): void
  /** Another attempt failed for this reason; logged once a minute, and when it is another one. */
  waiting(reason: string): void
  /**
   * Tries again while an engine is `unavailable`, for a minute.
   * @throws what the last attempt threw, and at once what doesn't pass by itself
   */
  patiently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>
  done(): void
  /** Undefined once it is done. */
  problem(): string | undefined
}

export function createStartup({
  logger,
  clock,
  waitMaxMs = WAIT_MAX_MS,
}: {
  readonly logger: Pick<Logger, 'warn'>
  readonly clock: Clock
  readonly waitMaxMs?: number
}): Startup {
  let doing: string | undefined = 'nothing is open yet'
  let logged: { readonly reason: string; readonly at: number } | undefined
  const waiting = (reason: string): void => {
    doing = `it waits for an engine: ${reason}`
    const now = clock.now()
    if (logged?.reason === reason && now - logged.at < REMIND_MS) return
    logged = { reason, at: now }
    logger.warn({ reason }, 'waiting for an engine')
  }
  return {
    begin(what) {
      doing = what
    },
    waiting,
    async patiently(attempt, signal) {
      const giveUpAt = performance.now() + waitMaxMs
      while (true) {
        try {
          return await attempt()
        } catch (error) {
          if (!isPassing(error) || performance.now() > giveUpAt) throw error
          waiting(error.message)
        }
        await pause(RETRY_MS, undefined, { signal })
      }
    },
    done() {
      doing = undefined
    },
    problem: () => (doing === undefined ? undefined : `this instance is starting: ${doing}`),
  }
}

function isPassing(error: unknown): error is FleetgridError {
  return error instanceof FleetgridError && error.kind === 'unavailable'
}
