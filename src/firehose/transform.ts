import { csvRows } from '../domain/flatten-csv.ts'
import { type RecordFault, readJsonLines } from '../domain/json-lines.ts'
import { decodeBase64 } from '../lib/base64.ts'

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

/** Of the answer of a Lambda; with more all of its records would be tried again, and fail again. */
const ANSWER_SIZE_MAX_BYTES = 6_291_456
/** `{"recordId":"","result":"ProcessingFailed","data":""},` */
const RECORD_OVERHEAD_BYTES = 56

/**
 * Each record by itself: one that is no JSON object fails alone, comes back as it was, and is kept by
 * Firehose under its error prefix. Every recordId comes back, in its order.
 */
export function transformRecords(
  records: readonly TransformRecord[],
  format: TransformFormat,
): TransformedRecord[] {
  // As it came it fits; what makes it larger has so much room.
  let size = records.reduce((sum, { recordId, data }) => {
    return sum + recordId.length + data.length + RECORD_OVERHEAD_BYTES
  }, 0)
  return records.map(({ recordId, data }) => {
    const transformed = transform(data, format)
    const growth = transformed === undefined ? 0 : transformed.length - data.length
    if (transformed === undefined || (growth > 0 && size + growth > ANSWER_SIZE_MAX_BYTES)) {
      return { recordId, result: 'ProcessingFailed', data }
    }
    size += growth
    return { recordId, result: 'Ok', data: transformed }
  })
}

/** Base64; undefined: it can't be read. */
function transform(data: string, format: TransformFormat): string | undefined {
  const bytes = decodeBase64(data)
  const text = bytes && toText(bytes, format)
  return typeof text === 'string' ? Buffer.from(text).toString('base64') : undefined
}

function toText(bytes: Uint8Array, format: TransformFormat): string | RecordFault {
  return format.kind === 'csv' ? csvRows(bytes, format.columns) : ndjsonLines(bytes)
}

/** As they are. Firehose itself puts nothing between records, so each brings its line end. */
function ndjsonLines(record: Uint8Array): string | RecordFault {
  const lines = readJsonLines(record)
  return 'code' in lines ? lines : lines.map(({ text }) => `${text}\n`).join('')
}
