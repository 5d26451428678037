import type { Logger } from 'pino'
import type { CsvObjects } from './domain/csv-objects.ts'
import type { Metrics } from './http/metrics.ts'
import { limitLines } from './lib/limited-lines.ts'

/** Of records of raw objects: how many became rows of a CSV, and how many could not. */
export function observeCsv(metrics: Metrics, logger: Logger): (made: CsvObjects) => void {
  const warn = limitLines((about, text) => logger.warn(about, text))
  return ({ objects, written, failed }) => {
    metrics.csvRecords.inc({ outcome: 'written' }, written)
    metrics.csvRecords.inc({ outcome: 'failed' }, failed)
    const key = objects.at(-1)?.key
    if (failed > 0)
      warn('failed', { failed, key }, 'records can’t be rows of a CSV, kept as errors')
  }
}
