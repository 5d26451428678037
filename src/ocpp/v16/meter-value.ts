import type { OCPP16 } from 'typed-ocpp'
import type { MeterReading, Sample } from '../../domain/charging-transaction.ts'
import { readTime } from '../time.ts'

type MeterValue = OCPP16.MeterValuesRequest['meterValue'][number]
type SampledValue = MeterValue['sampledValue'][number]

export function readMeterValues(values: readonly MeterValue[]): readonly MeterReading[] {
  return values.map(({ timestamp, sampledValue }) => ({
    at: readTime(timestamp),
    samples: sampledValue.map(readSample),
  }))
}

function readSample(sampled: SampledValue): Sample {
  const { value, measurand, unit, context, phase, location, format } = sampled
  return {
    value: format === 'SignedData' ? value : readNumber(value),
    measurand,
    // The schema of 1.6 has a misspelling; the errata allow both (§3.1).
    unit: unit === 'Celcius' ? 'Celsius' : unit,
    context,
    phase,
    location,
    format,
  }
}

/** Numbers come as text; a text that is none is kept as it came. */
function readNumber(text: string): number | string {
  const value = Number(text)
  return text.trim() === '' || !Number.isFinite(value) ? text : value
}
