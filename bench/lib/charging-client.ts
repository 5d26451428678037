import { setTimeout as pause } from 'node:timers/promises'
import { idle, run, startAll, startTogether, stopAll, type Work } from './charging-load.ts'
import { stationId } from './charging-messages.ts'
import { Station, type StationTarget } from './charging-station.ts'

// Charge points as a process: it does what its parent asks, one request after the other.

export interface Range {
  readonly from: number
  readonly count: number
}

export interface BootRequest extends StationTarget {
  /** Of those that this process has. */
  readonly stations: Range
  /** Under way at a time. */
  readonly atOnce: number
  /** For all of them. */
  readonly withinSeconds: number
}

export interface BootResult {
  readonly seconds: number
  /** Attempts that failed and were made again. */
  readonly refused: number
  /** Stations that were not booted in time. */
  readonly lost: number
  /** How often each reason was given. */
  readonly reasons: Readonly<Record<string, number>>
}

export interface Busy {
  /** The first ones. */
  readonly busy: number
  readonly tokens: number
}

const RETRY_WITHIN_MS = 500

let stations: Station[] = []
const firstOf = (count: number): Station[] => stations.slice(0, count)

const requests = {
  async boot(request: BootRequest): Promise<BootResult> {
    const { from, count } = request.stations
    if (stations.length !== count || stations[0]?.id !== stationId(from)) {
      stations = Array.from({ length: count }, (_, index) => new Station(stationId(from + index)))
    }
    return bootAll(request)
  },
  async drop(): Promise<void> {
    for (const station of stations) station.drop()
  },
  async countOpen(): Promise<number> {
    return stations.filter(({ isOpen }) => isOpen).length
  },
  start: ({ busy, tokens }: Busy) => startAll(firstOf(busy), tokens),
  stop: ({ busy }: Busy) => stopAll(firstOf(busy)),
  run: (about: Busy & { readonly work: Work; readonly seconds: number }) =>
    run(about.work, firstOf(about.busy), about),
  startTogether: (about: Busy & { readonly rounds: number }) =>
    startTogether(firstOf(about.busy), about),
  idle: ({ seconds }: { readonly seconds: number }) => idle(stations, seconds),
}

export type ClientRequests = typeof requests

/** Whoever is refused comes again, as charge points do. */
async function bootAll({ atOnce, withinSeconds, ...target }: BootRequest): Promise<BootResult> {
  const startedAt = performance.now()
  const endsAt = startedAt + withinSeconds * 1000
  const reasons: Record<string, number> = {}
  let [next, refused, lost] = [0, 0, 0]
  const bootNext = async (): Promise<void> => {
    for (let station = stations[next++]; station !== undefined; station = stations[next++]) {
      while (!(await isBooted(station))) {
        refused += 1
        if (performance.now() > endsAt) {
          lost += 1
          break
        }
        await pause(Math.random() * RETRY_WITHIN_MS)
      }
    }
  }
  const isBooted = async (station: Station): Promise<boolean> => {
    try {
      await station.boot(target)
      return true
    } catch (error) {
      const { message } = error as Error
      reasons[message] = (reasons[message] ?? 0) + 1
      station.drop()
      return false
    }
  }
  await Promise.all(Array.from({ length: atOnce }, bootNext))
  return { seconds: (performance.now() - startedAt) / 1000, refused, lost, reasons }
}

process.on('message', async ({ what, about }: { what: keyof ClientRequests; about: never }) => {
  try {
    process.send?.({ answer: await requests[what](about) })
  } catch (error) {
    process.send?.({ failed: (error as Error).message })
  }
})
process.once('disconnect', () => process.exit())
