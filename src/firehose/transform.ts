import { isUtf8 } from 'node:buffer'
import { csvRow } from './flatten-csv.ts'

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
    const lines = linesOf(Buffer.from(data, 'base64'))
    if (lines === undefined) return { recordId, result: 'ProcessingFailed', data }
    // Firehose itself puts nothing between records, so each brings its line end.
    const text = lines.map((line) => write(line, format)).join('')
    return { recordId, result: 'Ok', data: Buffer.from(text).toString('base64') }
  })
}

type Line = Readonly<Record<string, unknown>>

/** A record may hold several lines: an IoT rule with `batchMode` makes such. Undefined: one is wrong. */
function linesOf(bytes: Buffer): Line[] | undefined {
  if (!isUtf8(bytes)) return undefined
  const lines: Line[] = []
  for (const text of bytes.toString('utf8').split('\n')) {
    if (text.trim() === '') continue
    const line = parseObject(text)
    if (line === undefined) return undefined
    lines.push(line)
  }
  return lines
}

function parseObject(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Line) : undefined
  } catch {
    return undefined
  }
}

function write(line: Line, format: TransformFormat): string {
  return format.kind === 'csv' ? csvRow(line, format.columns) : `${JSON.stringify(line)}\n`
}
