import type { Logger } from 'pino'
import type { Clock } from '../domain/clock.ts'
import type { Metrics } from '../http/metrics.ts'
import { createRateBudget } from '../lib/rate-budget.ts'
import type { Overlooked } from './validate.ts'

// Every outcome of the gateway as a metric, and every decision as a log line; floods of the same kind
// cost a bounded number of lines.

export type CallDirection = 'in' | 'out'

/** Of a charge point that may deviate: told for each time, so that an operator can be shown it. */
export type OnDeviation = (chargePointId: string, action: string, what: Overlooked) => void

export interface ObserverOptions {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  readonly onDeviation?: OnDeviation | undefined
}

export type OcppObserver = ReturnType<typeof createOcppObserver>

const LINES_MAX = 10
const LINES_INTERVAL_MS = 10_000

/** Labels must be few, and anybody can send any name of an action. */
export const UNKNOWN_ACTION = 'unknown'

export function createOcppObserver(options: ObserverOptions) {
  const { metrics, logger, clock, onDeviation } = options
  const callCounter = createCallCounter(metrics)
  const warnOfHandshake = createLimitedWarn(options)
  const warnOfFault = createLimitedWarn(options)
  const warnOfEnd = createLimitedWarn(options)
  const warnOfBug = createRateBudget(LINES_MAX, LINES_INTERVAL_MS, clock.now)
  return {
    joined(id: string, version: string, count: number): void {
      metrics.ocppHandshakes.inc({ outcome: 'accepted' })
      metrics.ocppConnections.set({ version }, count)
      logger.debug({ chargePoint: id, version }, 'charge point connected')
    },
    left(id: string, version: string, count: number, cause: string): void {
      metrics.ocppDisconnects.inc({ cause })
      metrics.ocppConnections.set({ version }, count)
      logger.debug({ chargePoint: id, cause }, 'charge point disconnected')
    },
    /** The station has done nothing to end it, or something that it must not do. */
    ended(id: string, cause: string, reason: string): void {
      warnOfEnd({ chargePoint: id, cause, reason }, 'connection of a charge point ended by us')
    },
    refused(id: string, outcome: string, remoteAddress: string | undefined): void {
      metrics.ocppHandshakes.inc({ outcome })
      warnOfHandshake({ chargePoint: id, outcome, remoteAddress }, 'charge point turned away')
    },
    call(direction: CallDirection, action: string, outcome: string, seconds: number): void {
      callCounter(direction, action, outcome, seconds)
    },
    fault(id: string, fault: string, description: string): void {
      metrics.ocppFaults.inc({ fault })
      warnOfFault({ chargePoint: id, fault, description }, 'charge point sent what can’t be used')
    },
    deviations(id: string, action: string, overlooked: readonly Overlooked[]): void {
      for (const what of overlooked) {
        metrics.ocppDeviations.inc({ deviation: what.deviation, action })
        logger.debug({ chargePoint: id, action, ...what }, 'deviation overlooked')
        onDeviation?.(id, action, what)
      }
    },
    /** Ours, so somebody has to mend it. */
    bug(id: string, action: string, what: string, error?: unknown): void {
      const suppressed = warnOfBug.take()
      if (suppressed === undefined) return
      logger.error({ chargePoint: id, action, err: error, suppressed }, what)
    },
    /** Nothing that has to be mended here: e.g. the database is away. */
    failed(id: string, action: string, error: unknown): void {
      warnOfFault({ chargePoint: id, action, err: error }, 'call not carried out')
    },
  }
}

interface CallMetrics {
  readonly outcomes: Map<string, { inc(): void }>
  readonly seconds: { observe(value: number): void }
}

/** Labels bound once: this is a hot path. */
function createCallCounter(metrics: Metrics) {
  const known = { in: new Map<string, CallMetrics>(), out: new Map<string, CallMetrics>() }
  return (direction: CallDirection, action: string, outcome: string, seconds: number): void => {
    let calls = known[direction].get(action)
    if (calls === undefined) {
      const histogram = metrics.ocppCallSeconds.labels(direction, action)
      calls = { outcomes: new Map(), seconds: histogram }
      known[direction].set(action, calls)
    }
    let counter = calls.outcomes.get(outcome)
    if (counter === undefined) {
      counter = metrics.ocppCalls.labels(direction, action, outcome)
      calls.outcomes.set(outcome, counter)
    }
    counter.inc()
    calls.seconds.observe(seconds)
  }
}

function createLimitedWarn({ logger, clock }: Pick<ObserverOptions, 'logger' | 'clock'>) {
  const budget = createRateBudget(LINES_MAX, LINES_INTERVAL_MS, clock.now)
  return (about: object, text: string): void => {
    const suppressed = budget.take()
    if (suppressed !== undefined) logger.warn({ ...about, suppressed }, text)
  }
}
