import { Readable } from 'node:stream'
import type { ChargingTransactions, TransactionQuery } from '../../ports/charging-transactions.ts'
import { renderTransaction } from './render.ts'

const COLUMNS = [
  'id',
  'chargePointId',
  'evseId',
  'connectorId',
  'idToken',
  'startedAt',
  'stoppedAt',
  'meterStartWh',
  'meterStopWh',
  'energyWh',
  'stopReason',
] as const
const PAGE = 500
/** What a spreadsheet would run as a formula. */
const FORMULA = /^[=+\-@\t\r]/

/** RFC 4180, page by page: as fast as the caller reads. */
export function streamCsv(
  transactions: ChargingTransactions,
  filter: Omit<TransactionQuery, 'limit' | 'after'>,
): Readable {
  return Readable.from(lines(transactions, filter))
}

async function* lines(
  transactions: ChargingTransactions,
  filter: Omit<TransactionQuery, 'limit' | 'after'>,
): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`
  let after: TransactionQuery['after']
  for (;;) {
    const place = after === undefined ? {} : { after }
    const page = await transactions.list({ ...filter, ...place, limit: PAGE })
    const rows = page.map(renderTransaction)
    if (rows.length > 0)
      yield rows.map((row) => `${COLUMNS.map((name) => cell(row[name])).join(',')}\r\n`).join('')
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = { startedAt: last.startedAt, id: last.id }
  }
}

function cell(value: string | number | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
