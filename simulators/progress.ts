/** Tells people how it goes: a line that renews itself on a terminal, plain lines elsewhere. */

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Progress<State> {
  /** Called every second. */
  refresh(elapsedMs: number, state: State): void
  /** A line that stays. */
  note(text: string): void
}

export interface ProgressOptions<State> {
  readonly output: Output
  readonly errors: Output
  readonly quiet: boolean
  /** So many up to now, for the rate. */
  readonly count: () => number
  /** What the line says after the time; `rate` is counts a second. */
  readonly describe: (state: State, rate: number) => readonly string[]
}

const PLAIN_LINE_EVERY = 10
const CLEAR_LINE = '\r\u001b[K'
const TITLE_WIDTH = 28

export function createProgressLine<State>(options: ProgressOptions<State>): Progress<State> {
  const { output, errors, quiet, count, describe } = options
  const live = output.isTTY === true && !quiet
  let refreshes = 0
  let lastMs = 0
  let lastCount = 0
  return {
    refresh(elapsedMs, state) {
      refreshes++
      if (quiet || (!live && refreshes % PLAIN_LINE_EVERY !== 0)) return
      const seconds = Math.max(0.001, (elapsedMs - lastMs) / 1000)
      const rate = (count() - lastCount) / seconds
      lastMs = elapsedMs
      lastCount = count()
      const line = [formatElapsed(elapsedMs), ...describe(state, rate)].join('  ')
      output.write(live ? `${CLEAR_LINE}${line.slice(0, (output.columns || 80) - 1)}` : `${line}\n`)
    },
    note(text) {
      if (live) output.write(CLEAR_LINE)
      errors.write(`${text}\n`)
    },
  }
}

/** One number a line: for people, and easy to cut out for scripts. */
export function formatTotals(
  reason: string,
  elapsedMs: number,
  rows: readonly (readonly [title: string, value: number])[],
): string {
  const lines = rows.map(([title, value]) => `  ${title.padEnd(TITLE_WIDTH)}${value}`)
  return [`Stopped after ${formatElapsed(elapsedMs)} (${reason}).`, ...lines, ''].join('\n')
}

function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000)
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
}
