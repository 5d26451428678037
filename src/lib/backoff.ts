export interface BackoffLimits {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * Waiting time before try number `attempt` (from 1): doubles up to a limit, with the upper half
 * random, so that instances that fail together don't come back together.
 */
export function backoffMs(
  attempt: number,
  { baseMs, maxMs }: BackoffLimits,
  random: () => number = Math.random,
): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30))
  return full / 2 + (random() * full) / 2
}
