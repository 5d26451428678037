import { type BusyResult, type Contestant, measureStarts, measureWork } from './charging-busy.ts'
import type { Work } from './charging-load.ts'
import type { Held } from './charging-memory.ts'
import { type Figure, median } from './charging-table.ts'

// Each kind of work in turn at each server, several times: the medians.

export interface RoundOptions {
  readonly busy: number
  readonly seconds: number
  readonly rounds: number
  /** Of each kind of work, before anything is measured. */
  readonly warmUpSeconds: number
  readonly tokens: { readonly few: number; readonly many: number }
}

type Name = 'bare' | 'few' | 'many'
type Kind = Work | 'starts'

/** All at once so many times a round. */
const STARTS = 10
const READINGS_OF_SESSION = 4

class Results {
  readonly #all: { readonly name: Name; readonly kind: Kind; readonly result: BusyResult }[] = []
  /** Meter values answered, those of warming up too. */
  readings = 0

  add(name: Name, kind: Kind, result: BusyResult): void {
    this.#all.push({ name, kind, result })
  }

  median(name: Name, kind: Kind, of: keyof BusyResult): number | undefined {
    const found = this.#all.filter((one) => one.name === name && one.kind === kind)
    const figures = found.map(({ result }) => result[of]).filter((one) => one !== undefined)
    return figures.length === 0 ? undefined : median(figures)
  }
}

export async function measureRounds(
  held: Readonly<Record<Name, Held>>,
  { busy, seconds, rounds, warmUpSeconds, tokens }: RoundOptions,
): Promise<{ readonly figures: Figure[]; readonly readings: number }> {
  const contestants: Readonly<Record<Name, Contestant>> = {
    bare: { ...held.bare, tokens: tokens.few },
    few: { ...held.few, tokens: tokens.few },
    many: { ...held.many, tokens: tokens.many },
  }
  const results = new Results()
  const work = async (name: Name, kind: Work, forSeconds: number): Promise<BusyResult> => {
    const result = await measureWork(contestants[name], kind, { busy, seconds: forSeconds })
    const each = { heartbeats: 0, 'meter-values': 1, sessions: READINGS_OF_SESSION }[kind]
    if (name !== 'bare') results.readings += result.count * each
    return result
  }
  const kinds: readonly (readonly [Work, readonly Name[]])[] = [
    // At first: the server with many tokens does nothing else, and the others aren't to be warmer.
    ['sessions', ['bare', 'few', 'many']],
    ['meter-values', ['bare', 'few']],
    ['heartbeats', ['bare', 'few']],
  ]
  for (const [kind] of kinds) {
    for (const name of ['bare', 'few', 'many'] as const) await work(name, kind, warmUpSeconds)
  }
  for (const [kind, names] of kinds) {
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? names : names.toReversed()
      for (const name of order) results.add(name, kind, await work(name, kind, seconds))
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['bare', 'few'] as const) {
      const result = await measureStarts(contestants[name], { busy, rounds: STARTS })
      results.add(name, 'starts', result)
    }
  }
  return { figures: tell(results, tokens), readings: results.readings }
}

function tell(results: Results, tokens: RoundOptions['tokens']): Figure[] {
  const of = (kind: Kind, what: keyof BusyResult, name: Name = 'few') => ({
    bare: results.median('bare', kind, what),
    fleetgrid: results.median(name, kind, what),
  })
  const figures: Figure[] = []
  const add = (work: string, pair: ReturnType<typeof of>, more: Partial<Figure> = {}): void => {
    figures.push({ work, ...pair, ...more })
  }
  const addCosts = (kind: Kind, name: Name = 'few', most?: number): void => {
    const cpu = of(kind, 'cpuMs', name)
    const target =
      most === undefined ? {} : { target: `≤ ${most}`, isMet: (cpu.fleetgrid ?? most) <= most }
    add('– CPU s per 1,000', cpu, { digits: 4, ...target })
    const main = of(kind, 'mainThreadMs', name)
    add('– of it the main thread', main, { digits: 4 })
    const whole = (ms: number | undefined) => ms && 1000 / ms
    const pair = { bare: whole(main.bare), fleetgrid: whole(main.fleetgrid) }
    add('– /s if the main thread had a core to itself', pair)
    const database = of(kind, 'databaseMs', name)
    if (database.fleetgrid !== 0) add('– of it the database’s processes', database, { digits: 4 })
    add('– p50 ms', of(kind, 'p50Ms', name), { digits: 1 })
    add('– p99 ms', of(kind, 'p99Ms', name), { digits: 1 })
    const delay = results.median(name, kind, 'loopDelayMs')
    add('– event-loop delay p99 ms', { bare: undefined, fleetgrid: delay }, { digits: 1 })
  }
  const heartbeats = of('heartbeats', 'perSecond')
  const isQuick = (heartbeats.fleetgrid ?? 0) >= 0.6 * (heartbeats.bare ?? 0)
  add('Heartbeat/s', heartbeats, { target: '≥ 60 % of bare', isMet: isQuick })
  addCosts('heartbeats', 'few', 0.03)
  const readings = of('meter-values', 'perSecond')
  const isEnough = (readings.fleetgrid ?? 0) >= 15_000
  add('MeterValues/s, durable', readings, { target: '≥ 15,000', isMet: isEnough })
  addCosts('meter-values', 'few', 0.08)
  for (const name of ['few', 'many'] as const) {
    const sessions = of('sessions', 'perSecond', name)
    const isMet = (sessions.fleetgrid ?? 0) >= 500
    const what = `sessions/s, ${tokens[name].toLocaleString('en')} tokens`
    add(what, sessions, { target: '≥ 500', isMet })
    addCosts('sessions', name)
  }
  const rate = (name: Name): number => results.median(name, 'sessions', 'perSecond') ?? Number.NaN
  const ratio = rate('many') / rate('few')
  add(
    '– sessions/s with many tokens ÷ with few',
    { bare: undefined, fleetgrid: ratio },
    { digits: 2, target: '≥ 0.9', isMet: ratio >= 0.9 },
  )
  const cost = (name: Name): number => results.median(name, 'sessions', 'cpuMs') ?? Number.NaN
  const grows = (cost('many') / cost('few') - 1) * 100
  add(
    '– CPU % more with many tokens',
    { bare: undefined, fleetgrid: grows },
    {
      ...{ digits: 1, target: '≤ 10', isMet: grows <= 10 },
    },
  )
  add('StartTransaction, all at once, p50 ms', of('starts', 'p50Ms'), { digits: 1 })
  const slowest = of('starts', 'p99Ms')
  const isSoon = (slowest.fleetgrid ?? 0) <= 150
  add('– p99 ms', slowest, { digits: 1, target: '≤ 150', isMet: isSoon })
  return figures
}
