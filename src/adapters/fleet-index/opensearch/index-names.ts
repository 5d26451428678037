import type { HistoryIndex } from '../../../ports/fleet-index.ts'

const DAY_MS = 86_400_000

/** Indices that hold one document a vehicle or device. */
export const CURRENT_INDICES = ['latest_telemetry', 'shared_cardata', 'devices'] as const
export type CurrentIndex = (typeof CURRENT_INDICES)[number]

export const HISTORY_INDICES: readonly HistoryIndex[] = [
  'cardata',
  'trip',
  'dtc',
  'event',
  'anomaly',
]

/**
 * A clock may be this far ahead before its records lose their own day. What lies near the edge goes to
 * another index as time passes, and would be stored twice if its message came again in between: so
 * the edge is where hardly any clock is. Off by a time zone, a day or a month's length is within it.
 */
export const FUTURE_MAX_MS = 30 * DAY_MS
/** Our patterns must not match what others have in the cluster: `event-*` could be anybody's. */
const OWNER = 'fleetgrid'

/** The names of everything that Fleetgrid has in OpenSearch. */
export class IndexNames {
  readonly #prefix: string
  readonly #historyRetentionMs: number
  /** The last few: nearly every record is of today. */
  readonly #dayNames = new Map<number, string>()

  constructor(config: { readonly indexPrefix: string; readonly historyRetentionMs: number }) {
    this.#prefix = config.indexPrefix
    this.#historyRetentionMs = config.historyRetentionMs
  }

  /** The original's name: what queries ask and outside users see. */
  alias(index: CurrentIndex | HistoryIndex): string {
    return `${this.#prefix}${index}`
  }

  /** A mapping upgrade makes the next generation. */
  concrete(index: CurrentIndex, generation: number): string {
    return `${this.#concrete(index)}-${String(generation).padStart(6, '0')}`
  }

  generationOf(concrete: string): number {
    return Number(/-(\d{6,})$/.exec(concrete)?.[1] ?? Number.NaN)
  }

  /**
   * Belongs to one generation only and goes with it: so a write that relies on sequence numbers of
   * that generation can't reach another, nor create one by accident.
   */
  writeAlias(concrete: string): string {
    return `${concrete}-write`
  }

  template(index: HistoryIndex): string {
    return this.#concrete(index)
  }

  settingsTemplate(): string {
    return `${this.#prefix}fleetgrid-settings`
  }

  historyPattern(index: HistoryIndex): string {
    return `${this.#concrete(index)}-*`
  }

  /**
   * Where a record belongs: by the UTC day of its send time. Days beyond the retention and far in
   * the future share one index, so that broken clocks can't make thousands of them.
   */
  history(index: HistoryIndex, at: number, now: number): string {
    const isOwnDay = at >= now - this.#historyRetentionMs && at <= now + FUTURE_MAX_MS
    return isOwnDay ? `${this.#concrete(index)}-${this.#dayName(at)}` : this.otherHistory(index)
  }

  otherHistory(index: HistoryIndex): string {
    return `${this.#concrete(index)}-other`
  }

  /** Start of the day whose records an index holds; undefined for the shared one and foreign names. */
  dayOf(index: HistoryIndex, concrete: string): number | undefined {
    const start = `${this.#concrete(index)}-`
    const match = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(
      concrete.startsWith(start) ? concrete.slice(start.length) : '',
    )
    if (match === null) return undefined
    const [, year, month, day] = match
    const at = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
    return Number.isNaN(at) ? undefined : at
  }

  #concrete(index: CurrentIndex | HistoryIndex): string {
    return `${this.alias(index)}-${OWNER}`
  }

  /** `2026.11.21` */
  #dayName(at: number): string {
    const day = Math.floor(at / DAY_MS)
    let name = this.#dayNames.get(day)
    if (name === undefined) {
      name = new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '.')
      if (this.#dayNames.size >= 64) this.#dayNames.clear()
      this.#dayNames.set(day, name)
    }
    return name
  }
}
