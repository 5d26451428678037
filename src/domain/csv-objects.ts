import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { type ArchiveObject, archiveObjectKey } from './archive-object.ts'
import { csvHeader, csvRows } from './flatten-csv.ts'

// What passes through here: raw records of an object → an object of CSV beside it, with one header, for
// whoever reads tables. A record that can't be a row is kept in an object of errors, in the words that
// Amazon Data Firehose has for records whose transformation failed.
// https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html

export interface CsvSettings {
  /** In this order; `rest` comes behind them. */
  readonly columns: readonly string[]
  /** Before the hour in the names of CSV objects, with its slash. */
  readonly prefix: string
  /** Before `processing-failed/` and the hour in the names of objects of errors, with its slash. */
  readonly errorPrefix: string
}

export interface CsvObjects {
  /** None, one or two: rows, errors. The same records make the same objects, byte by byte. */
  readonly objects: readonly { readonly key: string; readonly body: Buffer }[]
  /** Records that are rows now. */
  readonly written: number
  /** Records that are errors now. */
  readonly failed: number
}

/** Texts are compressed in pieces of about so many characters. */
const PIECE_LENGTH = 65_536
/** For so long records are read and rows are made; then the event loop has its turn. */
const SLICE_MS = 2

/** @param records from the first one on, each time that it is called */
export async function csvObjects(
  records: () => Iterable<Uint8Array>,
  settings: CsvSettings,
  name: Pick<ArchiveObject, 'source' | 'at' | 'id'>,
): Promise<CsvObjects> {
  const { columns, prefix, errorPrefix } = settings
  let [written, failed] = [0, 0]
  function* rows() {
    for (const record of records()) {
      const made = csvRows(record, columns)
      const isRow = typeof made === 'string'
      if (!isRow) failed += 1
      else if (made !== '') {
        if (written === 0) yield csvHeader(columns)
        written += 1
      }
      yield isRow ? made : ''
    }
  }
  const objects: { key: string; body: Buffer }[] = []
  const csv = await pack(rows())
  if (written > 0) {
    const key = archiveObjectKey({ ...name, prefix, extension: '.csv.gz' })
    objects.push({ key, body: csv })
  }
  if (failed > 0) {
    const body = await pack(errorLines(records(), columns, name.at))
    const place = { prefix: `${errorPrefix}processing-failed/`, extension: '.ndjson.gz' }
    objects.push({ key: archiveObjectKey({ ...name, ...place }), body })
  }
  return { objects, written, failed }
}

/** The time is that of the object: when its oldest record came. */
function* errorLines(
  records: Iterable<Uint8Array>,
  columns: readonly string[],
  arrivalTimestamp: number,
): Generator<string> {
  for (const record of records) {
    const fault = csvRows(record, columns)
    if (typeof fault === 'string') yield ''
    else {
      const { code: errorCode, message: errorMessage } = fault
      const rawData = Buffer.from(record).toString('base64')
      yield `${JSON.stringify({ arrivalTimestamp, errorCode, errorMessage, rawData })}\n`
    }
  }
}

/** An empty text is a record that has none: it took its time all the same. */
async function pack(texts: Iterable<string>): Promise<Buffer> {
  const packed: Buffer[] = []
  await pipeline(Readable.from(inPieces(texts)), createGzip(), async (chunks) => {
    for await (const chunk of chunks) packed.push(chunk as Buffer)
  })
  return Buffer.concat(packed)
}

async function* inPieces(texts: Iterable<string>): AsyncGenerator<string> {
  let piece = ''
  let since = performance.now()
  for (const text of texts) {
    piece += text
    if (piece.length < PIECE_LENGTH && performance.now() - since < SLICE_MS) continue
    if (piece !== '') yield piece
    piece = ''
    await turn()
    since = performance.now()
  }
  if (piece !== '') yield piece
}
