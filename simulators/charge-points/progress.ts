import { type Counts, countErrors } from './counts.ts'

/** Tells people how it goes: a line that renews itself on a terminal, plain lines elsewhere. */

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface FleetState {
  readonly stations: number
  readonly connected: number
  readonly charging: number
  readonly powerW: number
  /** Transaction messages that wait to be sent. */
  readonly queued: number
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
  let lastMessages = 0
  return {
    refresh(elapsedMs, state) {
      refreshes++
      if (quiet || (!live && refreshes % PLAIN_LINE_EVERY !== 0)) return
      const seconds = Math.max(0.001, (elapsedMs - lastMs) / 1000)
      const rate = (counts.messages - lastMessages) / seconds
      lastMs = elapsedMs
      lastMessages = counts.messages
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
    `connected ${state.connected}/${state.stations}`,
    `charging ${state.charging}`,
    `${(state.powerW / 1000).toFixed(1)} kW`,
    `${Math.round(rate)} messages/s`,
    `errors ${countErrors(counts)}`,
  ]
  if (state.queued > 0) parts.push(`queued ${state.queued}`)
  if (counts.refused > 0) parts.push(`refused ${counts.refused}`)
  return parts.join('  ')
}

/** One number a line: for people, and easy to cut out for scripts. */
export function formatSummary(reason: string, elapsedMs: number, counts: Counts): string {
  const rows: [string, number][] = [
    ['sessions started', counts.sessionsStarted],
    ['sessions ended', counts.sessionsEnded],
    ['messages', counts.messages],
    ['  calls sent', counts.callsSent],
    ['  calls received', counts.callsReceived],
    ['calls answered with error', counts.callErrors],
    ['calls not answered', counts.timeouts],
    ['frames that are no OCPP', counts.badFrames],
    ['transaction messages lost', counts.messagesLost],
    ['connections refused', counts.refused],
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
