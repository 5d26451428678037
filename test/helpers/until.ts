import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until the condition holds; for what happens in other processes or on real sockets, where
 * no promise tells. The limit only turns a hang into a failure.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 20_000, what = 'the condition' }: { withinMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const end = Date.now() + withinMs
  for (;;) {
    const result = await condition()
    if (result) return result
    if (Date.now() > end) throw new Error(`${what} did not hold within ${withinMs} ms`)
    await pause(10)
  }
}
