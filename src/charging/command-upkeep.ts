import { createRepeater, type Repeater } from '../lib/repeater.ts'
import type { ChargingCommands } from '../ports/charging-commands.ts'
import type { CommandWorker } from './command-worker.ts'

const INTERVAL_MS = 5000
const STEP_MAX = 1000
/** An instance that has sent a command ends it by then, if it lives. */
const LOST_AFTER_MS = 300_000

export interface CommandUpkeepOptions {
  readonly commands: ChargingCommands
  readonly worker: Pick<CommandWorker, 'work' | 'tellEnded'>
  readonly clock: { now(): number }
  readonly onFailure: (what: string, error: unknown) => void
}

/**
 * What nobody tells: commands whose time is over, whose instance has died, whose charge point is here
 * although no signal has come. So many at a time, whatever there is.
 */
export function createCommandUpkeep(options: CommandUpkeepOptions): Repeater {
  const { commands, worker, clock, onFailure } = options
  let afterId = ''
  /** Whoever has an outcome, and could not store it, comes first when the store is back. */
  let wasAway = false

  async function run(): Promise<void> {
    const now = clock.now()
    await worker.tellEnded(await commands.expire(now, STEP_MAX))
    if (!wasAway) {
      await worker.tellEnded(await commands.endLost(now - LOST_AFTER_MS, now, STEP_MAX))
    }
    const waiting = await commands.listWaiting(afterId, STEP_MAX)
    for (const id of waiting) worker.work(id)
    afterId = waiting.length < STEP_MAX ? '' : (waiting.at(-1) ?? '')
  }

  return createRepeater({
    intervalMs: INTERVAL_MS,
    firstAfterMs: INTERVAL_MS,
    run: () =>
      run().then(
        () => {
          wasAway = false
        },
        (error) => {
          wasAway = true
          onFailure('upkeep', error)
        },
      ),
  })
}
