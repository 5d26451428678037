import { createProgressLine, formatTotals, type Output, type Progress } from '../progress.ts'
import { type Counts, countErrors } from './counts.ts'

export interface FleetState {
  readonly stations: number
  readonly connected: number
  readonly charging: number
  readonly powerW: number
  /** Transaction messages that wait to be sent. */
  readonly queued: number
}

export function createProgress(
  output: Output,
  errors: Output,
  counts: Counts,
  quiet: boolean,
): Progress<FleetState> {
  return createProgressLine({
    output,
    errors,
    quiet,
    count: () => counts.messages,
    describe: (state, rate) => describe(state, counts, rate),
  })
}

function describe(state: FleetState, counts: Counts, rate: number): string[] {
  const parts = [
    `connected ${state.connected}/${state.stations}`,
    `charging ${state.charging}`,
    `${(state.powerW / 1000).toFixed(1)} kW`,
    `${Math.round(rate)} messages/s`,
    `errors ${countErrors(counts)}`,
  ]
  if (state.queued > 0) parts.push(`queued ${state.queued}`)
  if (counts.refused > 0) parts.push(`refused ${counts.refused}`)
  return parts
}

/** @param neverTold transaction messages that still waited for the server when it ended */
export function formatSummary(
  reason: string,
  elapsedMs: number,
  counts: Counts,
  neverTold: number,
): string {
  return formatTotals(reason, elapsedMs, [
    ['sessions started', counts.sessionsStarted],
    ['sessions ended', counts.sessionsEnded],
    ['messages', counts.messages],
    ['  calls sent', counts.callsSent],
    ['  calls received', counts.callsReceived],
    ['calls answered with error', counts.callErrors],
    ['calls not answered', counts.timeouts],
    ['frames that are no OCPP', counts.badFrames],
    ['transaction messages lost', counts.messagesLost],
    ['those never told', neverTold],
    ['connections refused', counts.refused],
    ['reconnects', counts.reconnects],
  ])
}
