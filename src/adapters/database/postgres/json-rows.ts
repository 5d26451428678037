import { type RawBuilder, sql } from 'kysely'
import { type ColumnKinds, toJsonText } from '../json-text.ts'

/** In the text of each statement that takes rows, and in no other. */
export const ROWS_FUNCTION = 'json_to_recordset('

const TYPES = { text: 'text', json: 'text', integer: 'bigint', real: 'double precision' }

export function jsonRows(
  name: string,
  columns: ColumnKinds,
  rows: readonly object[],
): RawBuilder<unknown> {
  const list = Object.entries(columns).map(([column, kind]) => `${column} ${TYPES[kind]}`)
  const shape = sql.raw(`${name}(${list.join(', ')})`)
  const call = sql.raw(ROWS_FUNCTION)
  return sql`${call}CAST(${toJsonText(rows)} AS json)) AS ${shape}`
}
