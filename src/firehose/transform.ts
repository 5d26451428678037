import { csvRows } from '../domain/flatten-csv.ts'
import { type RecordFault, readJsonLines } from '../domain/json-lines.ts'

/** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
export interface TransformRecord {
  readonly recordId: string
  /** Base64. */
  readonly data: string
}

export interface TransformedRecord extends TransformRecord {
  /** These very words. */
  readonly result: 'Ok' | 'Dropped' | 'ProcessingFailed'
}

export type TransformFormat =
  | { readonly kind: 'ndjson' }
  | { readonly kind: 'csv'; readonly columns: readonly string[] }

/**
 * Each record by itself: one that is no JSON object fails alone, comes back as it was, and is kept by
 * Firehose under its error prefix. Every recordId comes back, in its order.
 */
export function transformRecords(
  records: readonly TransformRecord[],
  format: TransformFormat,
): TransformedRecord[] {
  return records.map(({ recordId, data }) => {
    const bytes = Buffer.from(data, 'base64')
    const text = format.kind === 'csv' ? csvRows(bytes, format.columns) : ndjsonLines(bytes)
    if (typeof text !== 'string') return { recordId, result: 'ProcessingFailed', data }
    return { recordId, result: 'Ok', data: Buffer.from(text).toString('base64') }
  })
}

/** As they are. Firehose itself puts nothing between records, so each brings its line end. */
function ndjsonLines(record: Uint8Array): string | RecordFault {
  const lines = readJsonLines(record)
  return 'code' in lines ? lines : lines.map(({ text }) => `${text}\n`).join('')
}
