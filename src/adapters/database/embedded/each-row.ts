import type { SQLInputValue } from 'node:sqlite'
import { type RawBuilder, sql } from 'kysely'
import { type ColumnKinds, toJsonText, toStorableText } from '../json-text.ts'

/** Stands in a statement for a column of rows: the engine runs the statement once for each row. */
class RowColumn {
  readonly rows: readonly object[]
  readonly name: string
  readonly kind: ColumnKinds[string]

  constructor(rows: readonly object[], name: string, kind: ColumnKinds[string]) {
    this.rows = rows
    this.name = name
    this.kind = kind
  }

  valueIn(row: object): SQLInputValue {
    const value = (row as Record<string, unknown>)[this.name]
    if (value === undefined || value === null) return null
    if (typeof value === 'string') return toStorableText(value)
    return this.kind === 'json' ? toJsonText(value) : (value as SQLInputValue)
  }
}

/**
 * One row of them as a table. A JSON text of all of them, taken apart by SQLite (json-rows.ts), costs
 * four times as much as running the statement for each.
 */
export function eachRow(
  name: string,
  columns: ColumnKinds,
  rows: readonly object[],
): RawBuilder<unknown> {
  const list = Object.entries(columns).map(
    ([column, kind]) => sql`${new RowColumn(rows, column, kind)} AS ${sql.raw(column)}`,
  )
  return sql`(SELECT ${sql.join(list)}) AS ${sql.raw(name)}`
}

export interface Runs {
  /** Of all runs, one after the other. */
  readonly parameters: readonly unknown[]
  /** Undefined: once, and its changes are its own. */
  readonly times?: number
}

/** How often a statement runs, and with what. */
export function runsOf(parameters: readonly unknown[]): Runs {
  const rows = parameters.find((parameter) => parameter instanceof RowColumn)?.rows
  if (rows === undefined) return { parameters }
  const all: unknown[] = []
  for (const row of rows) {
    for (const parameter of parameters) {
      if (!(parameter instanceof RowColumn)) all.push(parameter)
      else if (parameter.rows === rows) all.push(parameter.valueIn(row))
      else throw new Error('a statement can take the rows of one list only')
    }
  }
  return { parameters: all, times: rows.length }
}
