/**
 * Allows `max` uses in each interval and counts the rest, so that a flood of the same event costs
 * a bounded number of log lines and none of it goes unmentioned.
 */
export function createRateBudget(max: number, intervalMs: number, now: () => number) {
  let startedAt = Number.NEGATIVE_INFINITY
  let used = 0
  let suppressed = 0
  return {
    /** Uses suppressed since the last allowed one, or undefined if this one is suppressed too. */
    take(): number | undefined {
      if (now() - startedAt >= intervalMs) {
        startedAt = now()
        used = 0
      }
      if (used >= max) {
        suppressed += 1
        return undefined
      }
      used += 1
      const before = suppressed
      suppressed = 0
      return before
    },
  }
}
