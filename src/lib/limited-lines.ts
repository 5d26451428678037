const INTERVAL_MS = 10_000
const KINDS_MAX = 10
/** No kind of a caller's, as those have a letter. */
const ALL_OTHERS = ''

export type WriteLine = (about: object, text: string) => void

interface Gathered {
  count: number
  about: object
  text: string
}

/**
 * For lines that may be wanted a thousand times a second. The first of its kind is written at once;
 * those that follow within the interval become one line at its end, the last, whose `count` says
 * how many they were. Ten kinds at a time are told apart, all others count as one.
 * @param write e.g. the `warn` of a logger
 */
export function limitLines(write: WriteLine, { intervalMs = INTERVAL_MS } = {}) {
  const kinds = new Map<string, Gathered>()
  const endIntervalLater = (kind: string, gathered: Gathered): void => {
    setTimeout(() => endInterval(kind, gathered), intervalMs).unref()
  }
  const endInterval = (kind: string, gathered: Gathered): void => {
    if (gathered.count === 0) {
      kinds.delete(kind)
      return
    }
    const { count, about, text } = gathered
    gathered.count = 0
    endIntervalLater(kind, gathered)
    write({ ...about, count }, text)
  }
  return (kind: string, about: object, text: string): void => {
    const known = kinds.has(kind) || kinds.size < KINDS_MAX ? kind : ALL_OTHERS
    const gathered = kinds.get(known)
    if (gathered === undefined) {
      const started = { count: 0, about, text }
      kinds.set(known, started)
      endIntervalLater(known, started)
      write(about, text)
      return
    }
    gathered.count += 1
    gathered.about = about
    gathered.text = text
  }
}

export type LimitedLine = ReturnType<typeof limitLines>
