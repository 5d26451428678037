import type { MeterReading, Sample } from '../../domain/charging-transaction.ts'

/** What the meter said, and when. */
export interface MeterState {
  readonly at: number
  readonly wh: number
}

const REGISTER = 'Energy.Active.Import.Register'
/** More than any meter counts to: a thousand TWh. It also keeps what is stored a number. */
const WH_MAX = 1e15
const WH_PER_UNIT: Readonly<Record<string, number>> = { Wh: 1, kWh: 1000 }

/** The energy register over all phases, in Wh; of several places the outlet's. */
export function registerOf({ at, samples }: MeterReading): MeterState | undefined {
  const found = samples.filter(isRegister)
  const sample = found.find(({ location = 'Outlet' }) => location === 'Outlet') ?? found[0]
  const wh = sample === undefined ? undefined : toWh(sample)
  return wh === undefined ? undefined : { at, wh }
}

export function registersOf(
  readings: readonly MeterReading[],
  isWanted: (sample: Sample) => boolean = () => true,
): MeterState[] {
  return readings.flatMap(
    ({ at, samples }) => registerOf({ at, samples: samples.filter(isWanted) }) ?? [],
  )
}

/**
 * The newest register among them. A clock that is ahead counts as ours: what it says of tomorrow would
 * stand above all that comes until then.
 */
export function newestRegister(
  readings: readonly MeterReading[],
  now: number,
): MeterState | undefined {
  return newestOf(registersOf(readings).map(({ at, wh }) => ({ at: Math.min(at, now), wh })))
}

/** Of two, the one that stays in whatever order they come. */
export function newerOf(
  a: MeterState | undefined,
  b: MeterState | undefined,
): MeterState | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (a.at !== b.at) return a.at > b.at ? a : b
  return a.wh >= b.wh ? a : b
}

export function newestOf(states: readonly MeterState[]): MeterState | undefined {
  return states.reduce<MeterState | undefined>(newerOf, undefined)
}

function isRegister({ measurand = REGISTER, phase, value, unit = 'Wh' }: Sample): boolean {
  return (
    measurand === REGISTER &&
    phase === undefined &&
    typeof value === 'number' &&
    Object.hasOwn(WH_PER_UNIT, unit)
  )
}

function toWh({ value, unit = 'Wh' }: Sample): number | undefined {
  const wh = Number(value) * (WH_PER_UNIT[unit] ?? 1)
  if (!(Math.abs(wh) <= WH_MAX)) return undefined
  // 1.005 kWh would be 1004.9999999999999 Wh.
  return Math.round(wh * 1000) / 1000
}
