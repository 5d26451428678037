import { createProgressLine, formatTotals, type Output, type Progress } from '../progress.ts'
import type { Counts } from './counts.ts'
import type { MessageKind } from './messages.ts'

export interface FleetState {
  readonly vehicles: number
  readonly driving: number
  readonly connections: number
  readonly online: number
  readonly inFlight: number
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
    count: () => counts.acknowledged,
    describe: (state, rate) => describe(state, counts, rate),
  })
}

function describe(state: FleetState, counts: Counts, rate: number): string[] {
  const parts = [
    `driving ${state.driving}/${state.vehicles}`,
    `acknowledged ${counts.acknowledged}/${counts.published} (${Math.round(rate)}/s)`,
    `in flight ${state.inFlight}`,
  ]
  if (state.online < state.connections) parts.push(`online ${state.online}/${state.connections}`)
  if (counts.skippedTicks > 0) parts.push(`skipped ${counts.skippedTicks}`)
  if (counts.dropped > 0) parts.push(`dropped ${counts.dropped}`)
  if (counts.failed > 0) parts.push(`failed ${counts.failed}`)
  if (counts.reconnects > 0) parts.push(`reconnects ${counts.reconnects}`)
  return parts
}

const KINDS: readonly (readonly [MessageKind, string])[] = [
  ['group', 'vehicles (asset library)'],
  ['device', 'ECUs (asset library)'],
  ['cardata', 'cardata'],
  ['trip', 'trip'],
  ['dtc', 'dtc'],
  ['event', 'event'],
]

export function formatSummary(reason: string, elapsedMs: number, counts: Counts): string {
  const byKind = KINDS.map(
    ([kind, title]) => [`  ${title}`, counts.acknowledgedByKind[kind]] as const,
  )
  return formatTotals(reason, elapsedMs, [
    ['published', counts.published],
    ['acknowledged', counts.acknowledged],
    ...byKind,
    ['unacknowledged', counts.published - counts.acknowledged - counts.failed],
    ['failed', counts.failed],
    ['dropped unsent', counts.dropped],
    ['skipped ticks', counts.skippedTicks],
    ['reconnects', counts.reconnects],
  ])
}
