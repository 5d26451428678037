import type { OCPP20 } from 'typed-ocpp'
import type { MeterReading, Sample } from '../../domain/charging-transaction.ts'
import { readTime } from '../time.ts'

export function readMeterValues(
  values: readonly OCPP20.MeterValueType[] | undefined,
): readonly MeterReading[] {
  return values?.map(readMeterValue) ?? []
}

function readMeterValue({ timestamp, sampledValue }: OCPP20.MeterValueType): MeterReading {
  return { at: readTime(timestamp), samples: sampledValue.map(readSample) }
}

function readSample(sampled: OCPP20.SampledValueType): Sample {
  const { unitOfMeasure, signedMeterValue, value, measurand, context, phase, location } = sampled
  return {
    value: scale(value, unitOfMeasure?.multiplier),
    measurand,
    unit: unitOfMeasure?.unit,
    context,
    phase,
    location,
    signed: signedMeterValue,
  }
}

/** By a power of ten, in decimals: 0.1 × 10^3 is 100 and nothing else. */
function scale(value: number, multiplier: number | undefined): number | string {
  // As 1E999 is read. JSON has no such number, and it is kept as JSON.
  if (!Number.isFinite(value)) return String(value)
  if (multiplier === undefined || multiplier === 0) return value
  const [digits, exponent = '0'] = String(value).split('e')
  const scaled = Number(`${digits}e${Number(exponent) + multiplier}`)
  return Number.isFinite(scaled) ? scaled : value
}
