import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Test } from 'tap'
import type { Database, DatabaseOptions } from '../../src/adapters/database/database.ts'
import type { Migrations } from '../../src/adapters/database/migrations/migration.ts'
import { MIGRATIONS } from '../../src/adapters/database/migrations/migrations.ts'

/** A table that has every kind of column that the portable subset allows. */
export interface ThingTable {
  id: number
  name: string
  bytes: Uint8Array
  amount: number
}

export const TEST_MIGRATIONS: Migrations = {
  ...MIGRATIONS,
  '9001-things': {
    async up(db, { bytes, counter, counted }) {
      await db.schema
        .createTable('thing')
        .addColumn('id', counter, (column) => counted(column.primaryKey()))
        .addColumn('name', 'text', (column) => column.notNull().unique())
        .addColumn('bytes', bytes, (column) => column.notNull())
        .addColumn('amount', 'bigint', (column) => column.notNull())
        .execute()
    },
  },
}

export interface DatabaseUnderTest {
  /** One more instance on the same place; neither open nor closed by the harness. */
  make(options?: DatabaseOptions): Database
}

/** An empty place for each test, removed afterwards. */
export type MakePlace = (t: Test) => Promise<DatabaseUnderTest>

type Open = (t: Test, options?: DatabaseOptions) => Promise<Database>

/** Opens databases that have the table; each test closes its own. */
export function openIn(place: MakePlace): Open {
  return async (t, options = {}) => {
    const database = (await place(t)).make({ migrations: TEST_MIGRATIONS, ...options })
    t.teardown(() => database.close())
    await database.open()
    return database
  }
}

/** What both engines must do alike. */
export function databaseContract(t: Test, place: MakePlace): void {
  const open = openIn(place)
  t.test('values', async (t) => valuesContract(t, open))
  t.test('failures', async (t) => failuresContract(t, open))
  t.test('opening and closing', async (t) => lifeContract(t, place, open))
}

export function things(db: unknown) {
  return db as Kysely<{ thing: ThingTable }>
}

export function insertThing(database: Database, name: string, amount = 1): Promise<number> {
  return database.run((db) => insertThingBy(db, name, amount))
}

export async function insertThingBy(db: unknown, name: string, amount = 1): Promise<number> {
  const values = { name, amount, bytes: new Uint8Array([1]) } as ThingTable
  const row = await things(db).insertInto('thing').values(values).returning('id').execute()
  return row[0]?.id ?? 0
}

export async function namesOf(database: Database): Promise<string[]> {
  const rows = await database.run((db) =>
    things(db).selectFrom('thing').select('name').orderBy('name').execute(),
  )
  return rows.map(({ name }) => name)
}

async function evaluate(database: Database, expression: RawBuilder<unknown>): Promise<unknown> {
  const result = await database.run((db) =>
    sql<{ value: unknown }>`SELECT ${expression} AS value`.execute(db),
  )
  return result.rows[0]?.value
}

export const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (reason: unknown) => reason,
  )

async function valuesContract(t: Test, open: Open) {
  t.test('come back as they went', async (t) => {
    const database = await open(t)
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const rows = [
      { name: 'ünï 🚗 "\'\\', bytes: all, amount: Number.MAX_SAFE_INTEGER },
      { name: '', bytes: new Uint8Array(), amount: -Number.MAX_SAFE_INTEGER },
      { name: 'part', bytes: Buffer.from(all).subarray(3, 9), amount: 0 },
    ]
    await database.run((db) =>
      things(db)
        .insertInto('thing')
        .values(rows as ThingTable[])
        .execute(),
    )
    const stored = await database.run((db) =>
      things(db).selectFrom('thing').selectAll().orderBy('id').execute(),
    )
    for (const [index, row] of rows.entries()) {
      const found = stored[index]
      t.type(found?.bytes, Uint8Array)
      t.strictSame(
        { ...found, bytes: [...(found?.bytes ?? [])] },
        {
          ...{ id: index + 1, name: row.name, amount: row.amount },
          bytes: [...row.bytes],
        },
      )
    }
  })

  t.test('counts and sums are numbers; what is too large is refused', async (t) => {
    const database = await open(t)
    await insertThing(database, 'a', 2)
    await insertThing(database, 'b', 3)
    const totals = await database.run((db) =>
      things(db)
        .selectFrom('thing')
        .select(({ fn }) => [fn.countAll().as('count'), fn.sum('amount').as('sum')])
        .execute(),
    )
    t.strictSame(totals, [{ count: 2, sum: 5 }])
    const large = sql`CAST(9007199254740993 AS bigint)`
    const reason = await reasonOf(evaluate(database, large))
    t.match(reason, { name: 'RangeError' })
  })

  t.test('rows as a table come back as they went, but for what no text can hold', async (t) => {
    const database = await open(t)
    const columns = { id: 'integer', name: 'text', amount: 'real', list: 'json' } as const
    const rows = [
      { id: 1, name: 'ünï 🚗 "\'\\ \\u0000', amount: 0.1, list: [1, { a: 'b "c"', n: null }] },
      { id: Number.MAX_SAFE_INTEGER, name: '', amount: -5, list: {} },
      { id: 3, name: undefined, amount: null },
      { id: 4, name: 'a\0b\ud800\n', list: ['\0'] },
    ]
    const { rows: stored } = await database.run((db) =>
      sql<{ id: number; list: string | null }>`
        SELECT x.* FROM ${database.rows('x', columns, rows)} `.execute(db),
    )
    const found = stored.map(({ list, ...row }) => ({ ...row, list: list && JSON.parse(list) }))
    const expected = [
      { id: 1, name: 'ünï 🚗 "\'\\ \\u0000', amount: 0.1, list: [1, { a: 'b "c"', n: null }] },
      { id: Number.MAX_SAFE_INTEGER, name: '', amount: -5, list: {} },
      { id: 3, name: null, amount: null, list: null },
      { id: 4, name: 'a\uFFFDb\uFFFD\n', amount: null, list: ['\uFFFD'] },
    ]
    t.strictSame(
      found.toSorted((a, b) => a.id - b.id),
      expected.toSorted((a, b) => a.id - b.id),
    )
    const none = await database.run((db) =>
      sql`SELECT x.* FROM ${database.rows('x', columns, [])}`.execute(db),
    )
    t.strictSame(none.rows, [])
  })

  t.test('each row by itself: as a table of them, all of it or nothing', async (t) => {
    const database = await open(t)
    const columns = { name: 'text', amount: 'integer' } as const
    const insert = (names: readonly (string | undefined)[]) => {
      const rows = names.map((name, amount) => ({ name, amount }))
      return database.run((db) =>
        sql<{ name: string; amount: number }>`
          INSERT INTO thing (name, amount, bytes)
          SELECT x.name, x.amount, thing.bytes
          FROM ${database.eachRow('x', columns, rows)} CROSS JOIN thing WHERE thing.name = ${'z'}
          RETURNING name, amount`.execute(db),
      )
    }
    await insertThing(database, 'z')
    const { rows: stored } = await insert(['a', 'b\0\ud800', 'c'])
    t.strictSame(
      stored.toSorted((a, b) => a.amount - b.amount),
      [
        { name: 'a', amount: 0 },
        { name: 'b\uFFFD\uFFFD', amount: 1 },
        { name: 'c', amount: 2 },
      ],
    )
    t.match(await reasonOf(insert(['d', 'a', 'e'])), { kind: 'conflict' })
    t.type(await reasonOf(insert(['d', undefined])), Error)
    t.strictSame((await insert([])).rows, [])
    t.strictSame(
      await namesOf(database),
      ['a', 'b\uFFFD\uFFFD', 'c', 'z'],
      'nothing of what failed',
    )
    const raised = [
      { name: 'a', amount: 9, list: [1] },
      { name: 'nobody' },
      { name: 'c', list: {} },
    ]
    const { numAffectedRows } = await database.run((db) =>
      sql`UPDATE thing SET amount = x.amount
        FROM ${database.eachRow('x', { ...columns, list: 'json' }, raised)}
        WHERE thing.name = x.name AND x.list = ${'[1]'}`.execute(db),
    )
    t.equal(numAffectedRows, 1n)
  })

  t.test('counters are not used again', async (t) => {
    const database = await open(t)
    const first = await insertThing(database, 'a')
    await database.run((db) => things(db).deleteFrom('thing').execute())
    t.ok((await insertThing(database, 'b')) > first)
  })

  t.test('now is the time in milliseconds', async (t) => {
    const database = await open(t)
    const now = await evaluate(database, database.now)
    t.ok(Number.isSafeInteger(now) && Math.abs(Number(now) - Date.now()) < 60_000, String(now))
  })

  t.test('written rows are counted', async (t) => {
    const database = await open(t)
    for (const name of ['a', 'b', 'c']) await insertThing(database, name)
    const [updated] = await database.run((db) =>
      things(db).updateTable('thing').set({ amount: 9 }).where('name', '>', 'a').execute(),
    )
    t.equal(updated?.numUpdatedRows, 2n)
  })
}

async function failuresContract(t: Test, open: Open) {
  t.test('a value that is not unique is a conflict, and nobody else is harmed', async (t) => {
    const database = await open(t)
    await insertThing(database, 'a')
    const names = ['b', 'a', 'c', 'a', 'd']
    const results = await Promise.allSettled(names.map((name) => insertThing(database, name)))
    t.strictSame(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    )
    t.match(results[1], { reason: { kind: 'conflict', name: 'FleetgridError' } })
    t.strictSame(await namesOf(database), ['a', 'b', 'c', 'd'])
    const upsert = await database.run((db) =>
      things(db)
        .insertInto('thing')
        .values({ name: 'a', amount: 5, bytes: new Uint8Array() } as ThingTable)
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ amount: 5 }))
        .returning('amount')
        .execute(),
    )
    t.strictSame(upsert, [{ amount: 5 }])
  })

  t.test('what can never succeed is a bug, not an outage', async (t) => {
    const database = await open(t)
    const bugs = [
      () => database.run((db) => sql`SELECT nothing FROM nowhere`.execute(db)),
      () => insertThing(database, null as unknown as string),
      () =>
        database.run(async () => {
          throw new Error('of the caller')
        }),
    ]
    for (const bug of bugs) {
      const reason = await reasonOf(bug())
      t.type(reason, Error)
      t.not((reason as { kind?: unknown }).kind, 'unavailable', String(reason))
    }
    await database.check()
  })

  t.test('a thousand callers at once all get their turn', async (t) => {
    const database = await open(t)
    const numbers = Array.from({ length: 1000 }, (_, number) => number)
    await Promise.all(numbers.map((number) => insertThing(database, `thing ${number}`)))
    t.equal((await namesOf(database)).length, 1000)
  })
}

async function lifeContract(t: Test, place: MakePlace, open: Open) {
  t.test('what was stored is there for the next process', async (t) => {
    const { make } = await place(t)
    const first = make({ migrations: TEST_MIGRATIONS })
    await first.open()
    await insertThing(first, 'a')
    await first.close()
    const second = make({ migrations: TEST_MIGRATIONS })
    t.teardown(() => second.close())
    await second.open()
    t.strictSame(await namesOf(second), ['a'])
  })

  t.test('a migration that fails leaves nothing behind', async (t) => {
    const { make } = await place(t)
    const broken: Migrations = {
      ...TEST_MIGRATIONS,
      '9002-broken': { up: async (db) => void (await sql`CREATE TABLE oops (`.execute(db)) },
    }
    t.type(await reasonOf(make({ migrations: broken }).open()), Error)
    const database = make({ migrations: TEST_MIGRATIONS })
    t.teardown(() => database.close())
    await database.open()
    t.strictSame(await namesOf(database), [])
  })

  t.test('a newer Fleetgrid has been here', async (t) => {
    const { make } = await place(t)
    const newer = make({ migrations: TEST_MIGRATIONS })
    await newer.open()
    await newer.close()
    const reason = await reasonOf(make({ migrations: MIGRATIONS }).open())
    t.match(reason, { message: /newer Fleetgrid \(9001-things is unknown here\)/ })
  })

  t.test('close waits for what runs and refuses what comes', async (t) => {
    const database = await open(t)
    const running = Array.from({ length: 20 }, (_, number) => insertThing(database, `${number}`))
    const closing = database.close()
    const refused = await reasonOf(insertThing(database, 'late'))
    t.match(refused, { kind: 'unavailable', message: /closed/ })
    t.match(await reasonOf(database.check()), { kind: 'unavailable' })
    await Promise.all(running)
    await closing
    await database.close()
  })
}
