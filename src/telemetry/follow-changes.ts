import type { Logger } from 'pino'
import { errorMessage } from '../domain/errors.ts'
import { createRepeater } from '../lib/repeater.ts'
import type { FleetIndex, RegistrySnapshot } from '../ports/fleet-index.ts'
import type { Signals } from '../ports/signals.ts'

const CHANNEL = 'fleet-status'
/** Without a signal. */
const INTERVAL_MS = 5000
/** Statuses that are joined in one turn of the event loop. */
const LEARN_MAX = 100
/** Changes of this time are one signal. */
const SIGNAL_AFTER_MS = 200

export interface FollowDeps {
  readonly fleetIndex: FleetIndex
  readonly signals: Signals
  readonly learn: (snapshot: RegistrySnapshot) => void
  readonly logger: Logger
}

export interface Follower {
  start(): void
  /** This process has stored statuses or devices: others may want to know. */
  tellOthers(): void
  stop(): Promise<void>
}

/**
 * Keeps the registry of this process up to date with what other instances store: a shared feed gives
 * each of them only some of a vehicle's messages. A signal says that there is something to read; if
 * it is lost, the next look finds it.
 */
export function followChanges({ fleetIndex, signals, learn, logger }: FollowDeps): Follower {
  if (!fleetIndex.isShared) {
    return { start: () => undefined, tellOthers: () => undefined, stop: async () => undefined }
  }
  let isFailing = false
  const reader = createRepeater({
    intervalMs: INTERVAL_MS,
    firstAfterMs: INTERVAL_MS,
    async run() {
      try {
        await learnInTurns(await fleetIndex.readChanges(), learn)
        if (isFailing) logger.info('changes of other instances are read again')
        isFailing = false
      } catch (error) {
        const cause = errorMessage(error)
        if (!isFailing) logger.warn({ cause }, "changes of other instances can't be read")
        isFailing = true
      }
    },
  })
  const read = createDelay(fleetIndex.writing.visibleAfterMs, () => reader.runOnce())
  const tell = createDelay(SIGNAL_AFTER_MS, () => signals.publish(CHANNEL, ''))
  let unsubscribe = (): void => undefined
  return {
    start() {
      unsubscribe = signals.subscribe(CHANNEL, () => read.soon())
      reader.start()
    },
    tellOthers: () => tell.soon(),
    async stop() {
      unsubscribe()
      read.cancel()
      tell.cancel()
      await reader.stop()
    },
  }
}

/**
 * A little at a time: sockets are served in between. Devices before the vehicles they are in. Once
 * also where there is no news, because `learn` tries again what couldn't be stored.
 */
async function learnInTurns(
  { devices, vehicles }: RegistrySnapshot,
  learn: FollowDeps['learn'],
): Promise<void> {
  for (let from = 0; from === 0 || from < devices.length; from += LEARN_MAX) {
    learn({ devices: devices.slice(from, from + LEARN_MAX), vehicles: [] })
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let from = 0; from < vehicles.length; from += LEARN_MAX) {
    learn({ devices: [], vehicles: vehicles.slice(from, from + LEARN_MAX) })
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Runs once, some time after the first of several calls. A failure is somebody else's to report. */
function createDelay(afterMs: number, run: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  return {
    soon(): void {
      timer ??= setTimeout(() => {
        timer = undefined
        run().catch(() => undefined)
      }, afterMs).unref()
    },
    cancel: () => clearTimeout(timer),
  }
}
