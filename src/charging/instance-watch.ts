import { createRepeater } from '../lib/repeater.ts'
import { isDoneWithin } from '../lib/within.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { Leases, TakenLease } from '../ports/leases.ts'

// Charge points of an instance that has died: it can't tell any more that they are gone, so another one
// does. Each holds a lease of its own name, of value 1 while it may have connections.

const PREFIX = 'charging/'
const INTERVAL_MS = 20_000
/** When the database was away all leases have run out: who lives has his again by then. */
const LEFT_FOR_MS = 60_000
const STOP_GRACE_MS = 5000

export interface InstanceWatchOptions {
  readonly leases: Leases
  readonly chargePoints: Pick<ChargePoints, 'releaseInstance'>
  readonly instance: string
  /** No other instance can be alive: what is left is left for good. */
  readonly isAlone: boolean
  readonly clock: { now(): number }
  readonly onFailure: (what: string, error: unknown) => void
}

export interface InstanceWatch {
  start(): void
  /** Looks now. */
  runOnce(): Promise<void>
  /** Nobody needs to look after this one: its connections have ended, and that is stored. */
  stop(): Promise<void>
}

export function createInstanceWatch(options: InstanceWatchOptions): InstanceWatch {
  const { leases, chargePoints, instance, isAlone, clock, onFailure } = options
  const leftForMs = isAlone ? 0 : LEFT_FOR_MS
  let own: TakenLease | undefined
  /** Since when nobody has their leases, as far as this instance has seen. */
  let left = new Map<string, number>()

  async function run(): Promise<void> {
    own ??= await leases.take(`${PREFIX}${instance}`, { value: 1, onLost: loseOwn })
    const now = clock.now()
    const names = (await leases.listLeft(PREFIX)).map(({ name }) => name)
    left = new Map(names.map((name) => [name, left.get(name) ?? now]))
    for (const [name, since] of left) if (now - since >= leftForMs) await release(name)
  }

  function loseOwn(loss: 'taken' | 'unknown'): void {
    if (loss === 'taken') own = undefined
  }

  async function release(name: string): Promise<void> {
    const lease = await leases.take(name, { value: 0, onLost() {} })
    // Another one is at it.
    if (lease === undefined) return
    try {
      await chargePoints.releaseInstance(name.slice(PREFIX.length), clock.now())
      await lease.setValue(0)
    } finally {
      await lease.release()
    }
  }

  const repeater = createRepeater({
    intervalMs: INTERVAL_MS,
    firstAfterMs: 0,
    run: () => run().catch((error) => onFailure('looking after instances that are gone', error)),
  })
  return {
    start: () => repeater.start(),
    runOnce: () => repeater.runOnce(),
    async stop() {
      await isDoneWithin(STOP_GRACE_MS, repeater.stop())
      await own?.setValue(0).catch((error) => onFailure('leaving', error))
      await own?.release()
    },
  }
}
