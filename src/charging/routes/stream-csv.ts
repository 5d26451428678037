import { Readable } from 'node:stream'

/** What a spreadsheet would run as a formula, also after white space or in its full-width form. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/

export type CsvRow<Column extends string> = {
  readonly [Name in Column]?: string | number | undefined
}

/** RFC 4180, page by page: as fast as the caller reads, and no further once it is gone. */
export function streamCsv<Column extends string>(
  columns: readonly Column[],
  pages: AsyncIterable<readonly CsvRow<Column>[]>,
): Readable {
  return Readable.from(lines(columns, pages))
}

async function* lines<Column extends string>(
  columns: readonly Column[],
  pages: AsyncIterable<readonly CsvRow<Column>[]>,
): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`
  for await (const rows of pages) {
    if (rows.length === 0) continue
    yield rows.map((row) => `${columns.map((name) => cell(row[name])).join(',')}\r\n`).join('')
  }
}

function cell(value: string | number | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
