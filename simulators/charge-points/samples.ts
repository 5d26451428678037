import type { Role } from './settings.ts'
import type { Reading } from './transaction.ts'

/** Measurands that these stations have; the names are those of both versions. */
export const MEASURANDS = [
  'Energy.Active.Import.Register',
  'Power.Active.Import',
  'Power.Offered',
  'Current.Import',
  'Voltage',
  'SoC',
] as const
export type Measurand = (typeof MEASURANDS)[number]

export interface Sample {
  readonly measurand: Measurand
  readonly value: number
  readonly unit: 'Wh' | 'W' | 'A' | 'V' | 'Percent'
  readonly location: 'Outlet' | 'EV'
}

/** Those of `wanted` (a list with commas, as in the configuration) that there are, in its order. */
export function listSamples(reading: Reading, wanted: string): Sample[] {
  const samples: Sample[] = []
  for (const name of wanted.split(',')) {
    const sample = SAMPLERS[name.trim() as Measurand]?.(reading)
    if (sample !== undefined) samples.push(sample)
  }
  return samples
}

/** The list that holds for values of this context. */
export function chooseMeasurands(context: string): Role {
  if (context === 'Sample.Clock') return 'alignedMeasurands'
  return context === 'Transaction.End' ? 'endMeasurands' : 'sampledMeasurands'
}

type Sampler = (reading: Reading) => Sample | undefined

const SAMPLERS: Readonly<Record<Measurand, Sampler>> = {
  'Energy.Active.Import.Register': ({ energyWh }) =>
    outlet('Energy.Active.Import.Register', energyWh, 'Wh'),
  'Power.Active.Import': ({ powerW }) => outlet('Power.Active.Import', powerW, 'W'),
  'Power.Offered': ({ offeredW }) => outlet('Power.Offered', offeredW, 'W'),
  'Current.Import': ({ currentA }) => outlet('Current.Import', currentA, 'A'),
  Voltage: ({ voltageV }) => outlet('Voltage', voltageV, 'V'),
  SoC: ({ soc }) =>
    soc === undefined
      ? undefined
      : { measurand: 'SoC', value: soc, unit: 'Percent', location: 'EV' },
}

function outlet(measurand: Measurand, value: number, unit: Sample['unit']): Sample {
  return { measurand, value, unit, location: 'Outlet' }
}
