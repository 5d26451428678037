import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../domain/clock.ts'
import type { Metrics } from '../http/metrics.ts'
import type { ChargingData, ChargingRetention } from '../ports/charging-retention.ts'
import type { ChargingTransactions } from '../ports/charging-transactions.ts'
import type { Leases } from '../ports/leases.ts'

export interface ChargingRetentionDeps {
  readonly retention: ChargingRetention
  readonly transactions: Pick<ChargingTransactions, 'countLost'>
  readonly leases: Pick<Leases, 'take'>
  /** undefined: for ever. */
  readonly retentionMs: Readonly<Record<ChargingData, number | undefined>>
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

/** Readings first: transactions go when theirs are gone. */
const KINDS: readonly ChargingData[] = [
  'readings',
  'transactions',
  'place-readings',
  'records',
  'statuses',
  'commands',
  'reservations',
]

/** Counts what was forgotten, and drops what was kept long enough: one instance at a time. */
export async function keepCharging(
  deps: ChargingRetentionDeps,
  signal: AbortSignal,
): Promise<void> {
  const { leases, metrics, transactions } = deps
  metrics.lostTransactions.set(await transactions.countLost())
  const lost = new AbortController()
  const lease = await leases.take('charging-retention', {
    value: 0,
    onLost: () => lost.abort(),
  })
  if (lease === undefined) return
  try {
    const stop = AbortSignal.any([signal, lost.signal])
    for (const data of KINDS) await dropAll(deps, data, stop)
  } finally {
    await lease.release()
  }
}

async function dropAll(
  deps: ChargingRetentionDeps,
  data: ChargingData,
  stop: AbortSignal,
): Promise<void> {
  const { retention, retentionMs, clock, metrics, logger } = deps
  const keptMs = retentionMs[data]
  if (keptMs === undefined) return
  const before = clock.now() - keptMs
  let total = 0
  for (let isDone = false; !isDone && !stop.aborted; ) {
    const startedAt = performance.now()
    const step = await retention.dropStep(data, before)
    isDone = step.isDone
    total += step.dropped
    metrics.chargingDropped.inc({ data }, step.dropped)
    // It takes at most half of the database, however much there is to drop.
    if (!isDone) await pause(performance.now() - startedAt)
  }
  if (total > 0) logger.info({ data, dropped: total }, 'charging data dropped after its retention')
}
