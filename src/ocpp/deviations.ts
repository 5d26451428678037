import type { Deviation } from './leniency.ts'
import type { Overlooked } from './validate.ts'

/** One habit of a charge point that was overlooked, because its settings say so. */
export interface SeenDeviation {
  readonly deviation: Deviation
  readonly action: string
  /** JSON pointer into the payload, `*` for any place in a list; empty: the payload, or anywhere. */
  readonly path: string
  /** How often since this instance knows of it. */
  count: number
  /** Epoch milliseconds. */
  lastAt: number
}

/** Those seen last are kept. */
const CHARGE_POINTS_MAX = 2000
/** Of one charge point; what comes then is counted without its path. */
const PATHS_MAX = 50
const INDEX = /\/\d+(?=\/|$)/g

/** What was overlooked by this instance, for an operator to see that it is done, and for what. */
export class Deviations {
  readonly #byId = new Map<string, Map<string, SeenDeviation>>()

  note(id: string, action: string, { deviation, path }: Overlooked, at: number): void {
    const known = this.#byId.get(id) ?? new Map<string, SeenDeviation>()
    // Again at the end: the first one is the one not seen for longest.
    this.#byId.delete(id)
    this.#byId.set(id, known)
    const where = path.replaceAll(INDEX, '/*')
    const key = `${deviation} ${action} ${where}`
    const seen =
      known.size < PATHS_MAX || known.has(key)
        ? findOrAdd(known, key, { deviation, action, path: where })
        : findOrAdd(known, `${deviation} ${action} `, { deviation, action, path: '' })
    seen.count += 1
    seen.lastAt = at
    if (this.#byId.size > CHARGE_POINTS_MAX) this.#forgetOldest()
  }

  /** Most frequent first. */
  list(id: string): SeenDeviation[] {
    return [...(this.#byId.get(id)?.values() ?? [])].sort((a, b) => b.count - a.count)
  }

  #forgetOldest(): void {
    for (const id of this.#byId.keys()) {
      this.#byId.delete(id)
      return
    }
  }
}

function findOrAdd(
  known: Map<string, SeenDeviation>,
  key: string,
  what: Omit<SeenDeviation, 'count' | 'lastAt'>,
): SeenDeviation {
  const seen = known.get(key) ?? { ...what, count: 0, lastAt: 0 }
  known.set(key, seen)
  return seen
}
