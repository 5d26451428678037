import { type RawBuilder, sql } from 'kysely'
import { type ColumnKinds, toJsonText } from '../json-text.ts'

const TYPES = { text: 'text', json: 'text', integer: 'bigint', real: 'double precision' }

export function jsonRows(
  name: string,
  columns: ColumnKinds,
  rows: readonly object[],
): RawBuilder<unknown> {
  const list = Object.entries(columns).map(([column, kind]) => `${column} ${TYPES[kind]}`)
  const shape = sql.raw(`${name}(${list.join(', ')})`)
  return sql`json_to_recordset(CAST(${toJsonText(rows)} AS json)) AS ${shape}`
}
