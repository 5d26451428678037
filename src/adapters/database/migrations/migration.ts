import type { ColumnDataType, ColumnDefinitionBuilder, Kysely } from 'kysely'

/** Where the two engines call the same thing by different names. */
export interface ColumnTypes {
  /** Read and written as Uint8Array. */
  readonly bytes: ColumnDataType
  /** A primary key that the engine counts up, never used twice. */
  readonly counter: ColumnDataType
  readonly counted: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
}

/**
 * One step from an empty database to today's, run once and in one transaction with those beside
 * it. Never changed once it is released. `db` knows no tables: a migration must not depend on what
 * they are today.
 */
export interface Migration {
  up(db: Kysely<unknown>, types: ColumnTypes): Promise<void>
}

/** By their files' names, which the database records, in the order in which they run. */
export type Migrations = Readonly<Record<string, Migration>>
