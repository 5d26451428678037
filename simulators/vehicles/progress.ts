import type { Counts } from './counts.ts'
import type { MessageKind } from './messages.ts'

/** Tells people how it goes: a line that renews itself on a terminal, plain lines elsewhere. */

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface FleetState {
  readonly vehicles: number
  readonly driving: number
  readonly connections: number
  readonly online: number
  readonly inFlight: number
}

export interface Progress {
  /** Called every second. */
  refresh(elapsedMs: number, state: FleetState): void
  /** A line that stays. */
  note(text: string): void
}

const PLAIN_LINE_EVERY = 10
const CLEAR_LINE = '\r\u001b[K'

export function createProgress(
  output: Output,
  errors: Output,
  counts: Counts,
  quiet: boolean,
): Progress {
  const live = output.isTTY === true && !quiet
  let refreshes = 0
  let lastMs = 0
  let lastAcknowledged = 0
  return {
    refresh(elapsedMs, state) {
      refreshes++
      if (quiet || (!live && refreshes % PLAIN_LINE_EVERY !== 0)) return
      const seconds = Math.max(0.001, (elapsedMs - lastMs) / 1000)
      const rate = (counts.acknowledged - lastAcknowledged) / seconds
      lastMs = elapsedMs
      lastAcknowledged = counts.acknowledged
      const line = formatProgress(elapsedMs, state, counts, rate)
      output.write(live ? `${CLEAR_LINE}${line.slice(0, (output.columns || 80) - 1)}` : `${line}\n`)
    },
    note(text) {
      if (live) output.write(CLEAR_LINE)
      errors.write(`${text}\n`)
    },
  }
}

export function formatProgress(
  elapsedMs: number,
  state: FleetState,
  counts: Counts,
  rate: number,
): string {
  const parts = [
    formatElapsed(elapsedMs),
    `driving ${state.driving}/${state.vehicles}`,
    `acknowledged ${counts.acknowledged}/${counts.published} (${Math.round(rate)}/s)`,
    `in flight ${state.inFlight}`,
  ]
  if (state.online < state.connections) parts.push(`online ${state.online}/${state.connections}`)
  if (counts.skippedTicks > 0) parts.push(`skipped ${counts.skippedTicks}`)
  if (counts.dropped > 0) parts.push(`dropped ${counts.dropped}`)
  if (counts.failed > 0) parts.push(`failed ${counts.failed}`)
  if (counts.reconnects > 0) parts.push(`reconnects ${counts.reconnects}`)
  return parts.join('  ')
}

const KINDS: readonly (readonly [MessageKind, string])[] = [
  ['group', 'vehicles (asset library)'],
  ['device', 'ECUs (asset library)'],
  ['cardata', 'cardata'],
  ['trip', 'trip'],
  ['dtc', 'dtc'],
  ['event', 'event'],
]

/** One number a line: for people, and easy to cut out for scripts. */
export function formatSummary(reason: string, elapsedMs: number, counts: Counts): string {
  const open = counts.published - counts.acknowledged - counts.failed
  const rows: [string, number | string][] = [
    ['published', counts.published],
    ['acknowledged', counts.acknowledged],
    ...KINDS.map(([kind, title]): [string, number] => [
      `  ${title}`,
      counts.acknowledgedByKind[kind],
    ]),
    ['unacknowledged', open],
    ['failed', counts.failed],
    ['dropped unsent', counts.dropped],
    ['skipped ticks', counts.skippedTicks],
    ['reconnects', counts.reconnects],
  ]
  const lines = rows.map(([title, value]) => `  ${title.padEnd(28)}${value}`)
  return [`Stopped after ${formatElapsed(elapsedMs)} (${reason}).`, ...lines, ''].join('\n')
}

function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000)
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
}
