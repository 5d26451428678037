/** Something was thrown that nobody expected. */
export interface Bug {
  readonly kind: 'bug'
  readonly error: unknown
}

/** Watching must not stop the work: what an observer throws is told to it as a bug, once. */
export function observeSafely<Event>(
  observe: (event: Event | Bug) => void,
): (event: Event | Bug) => void {
  return (event) => {
    try {
      observe(event)
    } catch (error) {
      try {
        observe({ kind: 'bug', error })
      } catch {
        // Who would tell is who failed.
      }
    }
  }
}
