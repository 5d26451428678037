import { type RawBuilder, sql } from 'kysely'
import { type ColumnKinds, toJsonText } from '../json-text.ts'

export function jsonRows(
  name: string,
  columns: ColumnKinds,
  rows: readonly object[],
): RawBuilder<unknown> {
  const list = Object.keys(columns).map((column) => `value ->> '${column}' AS ${column}`)
  return sql`(SELECT ${sql.raw(list.join(', '))} FROM json_each(${toJsonText(rows)})) AS ${sql.raw(name)}`
}
