export interface Repeater {
  start(): void
  /** Runs now, or joins the run that is under way. */
  runOnce(): Promise<void>
  /** No further run; waits for the one under way. */
  stop(): Promise<void>
}

/** Runs a piece of upkeep again and again, never twice at once. Its failures are the caller's. */
export function createRepeater(options: {
  readonly intervalMs: number
  readonly firstAfterMs: number
  readonly run: () => Promise<void>
}): Repeater {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false
  const runOnce = (): Promise<void> => {
    running ??= options.run().finally(() => {
      running = undefined
    })
    return running
  }
  const schedule = (afterMs: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      void runOnce().finally(() => schedule(options.intervalMs))
    }, afterMs).unref()
  }
  return {
    start: () => schedule(options.firstAfterMs),
    runOnce,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
