import type { Logger } from 'pino'
import { errorMessage } from '../domain/errors.ts'
import type { Metrics } from '../http/metrics.ts'
import { limitLines } from '../lib/limited-lines.ts'
import type { RpcError } from './rpc-error.ts'
import type { Overlooked } from './validate.ts'

// Every outcome of the gateway as a metric, and every decision as a log line; floods of the same kind
// cost a bounded number of lines.

export type CallDirection = 'in' | 'out'

/** Of a charge point that may deviate: told for each time, so that an operator can be shown it. */
export type OnDeviation = (chargePointId: string, action: string, what: Overlooked) => void

export interface ObserverOptions {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly onDeviation: OnDeviation
}

export type OcppObserver = ReturnType<typeof createOcppObserver>

const TEXT_LENGTH_MAX = 255

/** Labels must be few, and anybody can send any name of an action. */
export const UNKNOWN_ACTION = 'unknown'

export function createOcppObserver(options: ObserverOptions) {
  const { metrics, logger, onDeviation } = options
  const callCounter = createCallCounter(metrics)
  const warn = (about: object, text: string): void => logger.warn(about, text)
  const warnOfHandshake = limitLines(warn)
  const warnOfFault = limitLines(warn)
  const warnOfRefusal = limitLines(warn)
  const warnOfDelay = limitLines(warn)
  const warnOfFailure = limitLines(warn)
  const warnOfEnd = limitLines(warn)
  const tellOfBug = limitLines((about, text) => logger.error(about, text))
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
      const text = 'connection of a charge point ended by us'
      warnOfEnd(`${id} ${cause}`, { chargePoint: id, cause, reason }, text)
    },
    refused(id: string, outcome: string, remoteAddress: string | undefined): void {
      metrics.ocppHandshakes.inc({ outcome })
      const about = { chargePoint: id, outcome, remoteAddress }
      warnOfHandshake(`${id} ${outcome}`, about, 'charge point turned away')
    },
    call(direction: CallDirection, action: string, outcome: string, seconds: number): void {
      callCounter(direction, action, outcome, seconds)
    },
    fault(id: string, fault: string, description: string): void {
      metrics.ocppFaults.inc({ fault })
      const text = 'charge point sent what can’t be used'
      warnOfFault(`${id} ${fault}`, { chargePoint: id, fault, description }, text)
    },
    deviations(id: string, action: string, overlooked: readonly Overlooked[]): void {
      for (const what of overlooked) {
        metrics.ocppDeviations.inc({ deviation: what.deviation, action })
        logger.debug({ chargePoint: id, action, ...what }, 'deviation overlooked')
        onDeviation(id, action, what)
      }
    },
    /** A call that was answered with an error, because of what it says or who says it. */
    refusedCall(id: string, action: string, { fault, description }: RpcError): void {
      const said = { action: cut(action), fault, description: cut(description) }
      const about = { chargePoint: id, ...said }
      warnOfRefusal(`${id} ${fault}`, about, 'call of a charge point refused')
    },
    /** Ours, so somebody has to mend it. */
    bug(id: string, action: string, what: string, error?: unknown): void {
      tellOfBug(`${action} ${what}`, { chargePoint: id, action, err: error }, what)
    },
    /** It is not refused: the charge point waits until the store is back. */
    delayed(id: string, action: string, error: unknown): void {
      const about = { chargePoint: id, action, reason: errorMessage(error) }
      warnOfDelay(action, about, 'call waits to be stored')
    },
    /** Nothing that has to be mended here: e.g. the database is away. */
    failed(id: string, action: string, error: unknown): void {
      const about = { chargePoint: id, action, reason: errorMessage(error) }
      warnOfFailure(action, about, 'call not carried out')
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

/** What anybody can send is logged as far as it tells something. */
function cut(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX)
}
