import type { Logger } from 'pino'
import type { Clock } from '../domain/clock.ts'
import type { Metrics } from '../http/metrics.ts'
import { createRepeater, type Repeater } from '../lib/repeater.ts'
import type { DeadLetters } from '../ports/dead-letters.ts'
import type { FleetIndex } from '../ports/fleet-index.ts'
import { type ChargingRetentionDeps, keepCharging } from './charging-retention.ts'

export interface RetentionDeps {
  /** undefined, as the others: this instance has nothing to do with them. */
  readonly fleetIndex: FleetIndex | undefined
  readonly deadLetters: DeadLetters | undefined
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
  readonly historyRetentionMs: number
  readonly deadLetterRetentionMs: number
  /** undefined: this instance has nothing to do with charging. */
  readonly chargingData: Omit<ChargingRetentionDeps, 'clock' | 'metrics' | 'logger'> | undefined
}

const HISTORY_INTERVAL_MS = 10 * 60_000
const CHARGING_INTERVAL_MS = 10 * 60_000
/** Often: a flood of garbage must not fill the store before the oldest of it goes. */
const DEAD_LETTERS_INTERVAL_MS = 5000
const FIRST_AFTER_MS = 30_000

/** Drops history, dead letters and charging data that are past their time, so that disks don't fill for ever. */
export function createRetention(deps: RetentionDeps): Repeater {
  const stopping = new AbortController()
  const { signal } = stopping
  const attempt = async (what: string, drop: () => Promise<void>): Promise<void> => {
    try {
      await drop()
    } catch (error) {
      if (signal.aborted) return
      deps.logger.warn({ err: error }, `retention of ${what} failed, will be tried again`)
    }
  }
  const history = createRepeater({
    intervalMs: HISTORY_INTERVAL_MS,
    firstAfterMs: FIRST_AFTER_MS,
    run: () => attempt('history', () => dropHistory(deps, signal)),
  })
  const letters = createRepeater({
    intervalMs: DEAD_LETTERS_INTERVAL_MS,
    firstAfterMs: DEAD_LETTERS_INTERVAL_MS,
    run: () => attempt('dead letters', () => trimDeadLetters(deps, signal)),
  })
  const { chargingData, clock, metrics, logger } = deps
  const charging = createRepeater({
    intervalMs: CHARGING_INTERVAL_MS,
    firstAfterMs: FIRST_AFTER_MS,
    run: () =>
      attempt('charging data', async () => {
        if (chargingData === undefined) return
        await keepCharging({ ...chargingData, clock, metrics, logger }, signal)
      }),
  })
  const all = [history, letters, charging]
  return {
    start() {
      for (const repeater of all) repeater.start()
    },
    runOnce: async () => void (await Promise.all(all.map((repeater) => repeater.runOnce()))),
    /** What runs ends after the step that it is at. */
    async stop() {
      stopping.abort()
      await Promise.all(all.map((repeater) => repeater.stop()))
    },
  }
}

async function dropHistory(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  if (deps.fleetIndex === undefined) return
  const before = deps.clock.now() - deps.historyRetentionMs
  const dropped = await deps.fleetIndex.dropHistory(before, signal)
  if (dropped === 0) return
  deps.metrics.historyDropped.inc(dropped)
  deps.logger.info({ dropped }, 'history dropped after its retention')
}

async function trimDeadLetters(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  if (deps.deadLetters === undefined) return
  const olderThan = deps.clock.now() - deps.deadLetterRetentionMs
  const { expired, evicted } = await deps.deadLetters.trim(olderThan, signal)
  deps.metrics.deadLettersEvicted.inc({ cause: 'expired' }, expired)
  deps.metrics.deadLettersEvicted.inc({ cause: 'evicted' }, evicted)
  if (expired > 0) deps.logger.info({ expired }, 'dead letters dropped after their retention')
  if (evicted > 0) {
    deps.logger.error(
      { evicted },
      'dead letters dropped because their store is full: look at GET /dead-letters, mend the cause, or raise DEAD_LETTER_SIZE_MAX_MB',
    )
  }
}
