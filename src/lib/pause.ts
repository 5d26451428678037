import { setTimeout as wait } from 'node:timers/promises'

/** Ends early, and never rejects, when the signal is given. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await wait(durationMs, undefined, { signal }).catch(() => undefined)
}
