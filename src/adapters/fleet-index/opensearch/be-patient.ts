import { setTimeout as pause } from 'node:timers/promises'
import { backoffMs } from '../../../lib/backoff.ts'
import { type EngineClient, isPassing } from './client.ts'

const TRIES_MAX = 6
/** Some 10 s in all. */
const BACKOFF = { baseMs: 250, maxMs: 5000 }

/**
 * For what only reads and would have to start from the beginning: a request that is refused for the
 * moment, by an engine that is overloaded or loses a node, is repeated a few times.
 * @throws EngineError that of the last try
 */
export async function bePatient<T>(client: EngineClient, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error) || tries >= TRIES_MAX) throw error
    }
    await pause(backoffMs(tries, BACKOFF))
    client.requireOpen()
  }
}
