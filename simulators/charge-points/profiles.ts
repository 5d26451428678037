/** Charging profiles: how much power an EVSE may give, by whom and when. Times are of the clock. */

export type ProfilePurpose = 'station' | 'default' | 'transaction'

export interface Schedule {
  /** Epoch milliseconds; undefined: from the start of the transaction, or of the profile. */
  readonly startAt: number | undefined
  readonly durationS: number | undefined
  readonly unit: 'A' | 'W'
  readonly periods: readonly SchedulePeriod[]
}

export interface SchedulePeriod {
  readonly startS: number
  readonly limit: number
  readonly phases?: number | undefined
}

export interface Profile {
  readonly id: number
  /** 0: all of the station. */
  readonly evseId: number
  readonly stackLevel: number
  readonly purpose: ProfilePurpose
  readonly kind: 'Absolute' | 'Recurring' | 'Relative'
  readonly recurrency: 'Daily' | 'Weekly' | undefined
  readonly validFrom: number | undefined
  readonly validTo: number | undefined
  readonly schedule: Schedule
  /** As it came, to be told again. */
  readonly original: object
}

export interface ProfileFilter {
  readonly id?: number | undefined
  readonly evseId?: number | undefined
  readonly purpose?: ProfilePurpose | undefined
  readonly stackLevel?: number | undefined
}

/** What the limits are about. */
export interface Charger {
  /** 0: the station as a whole. */
  readonly evseId: number
  readonly powerMaxW: number
  readonly voltageV: number
  readonly phases: number
  /** Of the transaction that is running. */
  readonly startedAt: number | undefined
}

export interface CompositePeriod {
  readonly startS: number
  readonly limit: number
}

const PROFILES_MAX = 50
const DAY_MS = 86_400_000
const PURPOSES_OF_ONE_EVSE: readonly ProfilePurpose[] = ['transaction', 'default']

export class Profiles {
  #profiles: Profile[] = []

  /** One with the same id, or with the same purpose and level at the same place, is replaced. */
  set(profile: Profile): boolean {
    const others = this.#profiles.filter(
      (other) =>
        other.id !== profile.id &&
        (other.purpose !== profile.purpose ||
          other.stackLevel !== profile.stackLevel ||
          other.evseId !== profile.evseId),
    )
    if (others.length >= PROFILES_MAX) return false
    this.#profiles = [...others, profile]
    return true
  }

  /** @returns how many there were */
  clear(filter: ProfileFilter): number {
    const before = this.#profiles.length
    this.#profiles = this.#profiles.filter((profile) => !matches(profile, filter))
    return before - this.#profiles.length
  }

  list(filter: ProfileFilter): Profile[] {
    return this.#profiles.filter((profile) => matches(profile, filter))
  }

  /** A profile of a transaction ends with it. */
  endTransaction(evseId: number): void {
    this.clear({ evseId, purpose: 'transaction' })
  }

  /** In watts; of the station's own limit and the EVSE's the lower one. */
  limitAt(charger: Charger, atMs: number): number {
    const station = this.#findLimit('station', charger, atMs) ?? Infinity
    let own: number | undefined
    if (charger.evseId !== 0) {
      for (const purpose of PURPOSES_OF_ONE_EVSE) own ??= this.#findLimit(purpose, charger, atMs)
    }
    return Math.min(charger.powerMaxW, station, own ?? Infinity)
  }

  /** OCPP 1.6 §3.13.1: what comes of all profiles, from `fromMs` on. */
  compose(charger: Charger, fromMs: number, durationS: number, unit: 'A' | 'W'): CompositePeriod[] {
    const untilMs = fromMs + durationS * 1000
    const moments = new Set([fromMs])
    for (const profile of this.#profiles) {
      for (const moment of listChanges(profile, charger, fromMs, untilMs)) moments.add(moment)
    }
    const periods: CompositePeriod[] = []
    for (const moment of [...moments].sort((left, right) => left - right)) {
      const limit = convert(this.limitAt(charger, moment), unit, charger)
      if (periods.at(-1)?.limit === limit) continue
      periods.push({ startS: Math.round((moment - fromMs) / 1000), limit })
    }
    return periods
  }

  /** The highest level that has something to say about this moment. */
  #findLimit(purpose: ProfilePurpose, charger: Charger, atMs: number): number | undefined {
    let best: { readonly level: number; readonly watts: number } | undefined
    for (const profile of this.#profiles) {
      if (profile.purpose !== purpose) continue
      if (profile.evseId !== 0 && profile.evseId !== charger.evseId) continue
      const watts = readLimit(profile, charger, atMs)
      if (watts === undefined || (best !== undefined && best.level >= profile.stackLevel)) continue
      best = { level: profile.stackLevel, watts }
    }
    return best?.watts
  }
}

function matches(profile: Profile, { id, evseId, purpose, stackLevel }: ProfileFilter): boolean {
  if (id !== undefined) return profile.id === id
  return (
    (evseId === undefined || profile.evseId === evseId) &&
    (purpose === undefined || profile.purpose === purpose) &&
    (stackLevel === undefined || profile.stackLevel === stackLevel)
  )
}

function readLimit(profile: Profile, charger: Charger, atMs: number): number | undefined {
  if (atMs < (profile.validFrom ?? -Infinity) || atMs >= (profile.validTo ?? Infinity))
    return undefined
  const elapsedS = (atMs - findStart(profile, charger, atMs)) / 1000
  const { durationS = Infinity, periods, unit } = profile.schedule
  if (elapsedS < 0 || elapsedS >= durationS) return undefined
  const period = periods.findLast(({ startS }) => startS <= elapsedS)
  if (period === undefined) return undefined
  const perAmpere = charger.voltageV * Math.min(charger.phases, period.phases ?? 3)
  return unit === 'W' ? period.limit : period.limit * perAmpere
}

/** When the schedule that holds at this moment has begun. */
function findStart(profile: Profile, charger: Charger, atMs: number): number {
  const { startAt = profile.validFrom ?? 0 } = profile.schedule
  if (profile.kind === 'Relative') return charger.startedAt ?? Infinity
  if (profile.kind === 'Absolute' || atMs < startAt) return startAt
  const everyMs = profile.recurrency === 'Weekly' ? 7 * DAY_MS : DAY_MS
  return atMs - ((atMs - startAt) % everyMs)
}

/** Moments in between at which this profile may say something else. */
function listChanges(
  profile: Profile,
  charger: Charger,
  fromMs: number,
  untilMs: number,
): number[] {
  const { schedule, validFrom, validTo } = profile
  const moments = [validFrom ?? 0, validTo ?? 0]
  const everyMs = profile.recurrency === 'Weekly' ? 7 * DAY_MS : DAY_MS
  const firstMs = findStart(profile, charger, fromMs)
  const repeats = profile.kind === 'Recurring' ? Math.ceil((untilMs - firstMs) / everyMs) : 1
  for (let repeat = 0; repeat < Math.min(repeats, 100); repeat++) {
    const startMs = firstMs + repeat * everyMs
    for (const { startS } of schedule.periods) moments.push(startMs + startS * 1000)
    if (schedule.durationS !== undefined) moments.push(startMs + schedule.durationS * 1000)
  }
  return moments.filter((moment) => moment > fromMs && moment < untilMs)
}

/** With one decimal, as the schemas want it. */
function convert(watts: number, unit: 'A' | 'W', charger: Charger): number {
  const limit = unit === 'W' ? watts : watts / (charger.voltageV * charger.phases)
  return Math.round(limit * 10) / 10
}
