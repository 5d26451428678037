/**
 * Lets through one at a time, each in an event-loop turn of its own, first come first served.
 * Answers of a worker arrive in bursts; without it all of them would be worked off in one turn,
 * and every socket would wait for the sum.
 */
export function createTurnstile(): () => Promise<void> {
  const waiting: (() => void)[] = []
  const letOneThrough = (): void => {
    waiting.shift()?.()
    // An immediate that is set by an immediate runs in the next turn.
    if (waiting.length > 0) setImmediate(letOneThrough)
  }
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length === 1) setImmediate(letOneThrough)
    })
}
