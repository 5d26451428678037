import type { Ports } from './adapters/create-ports.ts'
import type { Clock } from './domain/clock.ts'
import type { Needs } from './open-ports.ts'

/** A check of the object store writes and removes an object, which S3 charges for. */
const OBJECTS_FRESH_MS = 60_000
/** While it fails, so that its recovery is seen. */
const OBJECTS_RETRY_MS = 5000

export interface HealthDeps {
  readonly ports: Pick<Ports, 'fleetIndex' | 'database' | 'signals' | 'objectStore'>
  readonly needs: Needs
  readonly clock: Clock
  /** Undefined once started; before that no engine is asked. */
  readonly starting: () => string | undefined
  readonly problems: () => readonly string[]
}

export interface Health {
  /** What keeps this process from serving, in words for a person; empty means ready. */
  check(): Promise<readonly string[]>
}

/** Ready: started, every engine that it needs answers, and nothing says that messages can't be stored. */
export function createHealth({ ports, needs, clock, starting, problems }: HealthDeps): Health {
  const { fleetIndex, database, signals, objectStore } = ports
  const always = [
    ['database', database],
    ['signals', signals],
  ] as const
  const objects = [
    ['object store', { check: rememberAnswer(() => objectStore.check(), clock) }],
  ] as const
  const engines = [
    ...(needs.fleetIndex ? [['fleet index', fleetIndex] as const] : []),
    ...(needs.objects ? objects : []),
    ...always,
  ]
  return {
    async check() {
      const start = starting()
      if (start !== undefined) return [...problems(), start]
      const failures = await Promise.all(
        engines.map(([name, engine]) =>
          engine.check().then(
            () => [],
            (error: Error) => [`${name}: ${error.message}`],
          ),
        ),
      )
      return [...failures.flat(), ...problems()]
    },
  }
}

/** One question at a time; its answer counts for longer when it is a good one. */
function rememberAnswer(ask: () => Promise<void>, clock: Clock): () => Promise<void> {
  let answer: Promise<void> | undefined
  let askAgainAt = 0
  const keepFor = (ms: number): void => {
    askAgainAt = clock.now() + ms
  }
  return () => {
    if (answer === undefined || clock.now() >= askAgainAt) {
      askAgainAt = Number.POSITIVE_INFINITY
      answer = ask()
      answer.then(
        () => keepFor(OBJECTS_FRESH_MS),
        () => keepFor(OBJECTS_RETRY_MS),
      )
    }
    return answer
  }
}
