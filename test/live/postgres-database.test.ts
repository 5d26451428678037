import { sql } from 'kysely'
import t from 'tap'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import {
  databaseContract,
  insertThing,
  type MakePlace,
  TEST_MIGRATIONS,
  things,
} from '../contracts/database.ts'
import { lastStatementsContract } from '../contracts/database-last-statements.ts'
import { transactionsContract } from '../contracts/database-transactions.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { openDatabase, postgresConfig } from '../helpers/postgres.ts'

const place: MakePlace = async (t) => {
  const url = await makeDatabase(t)
  return { make: (options) => createPostgresDatabase(postgresConfig(url), options) }
}
databaseContract(t, place)
transactionsContract(t, place)
lastStatementsContract(t, place)

t.test('of two transactions in a deadlock both succeed in the end', async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  const database = await openDatabase(t, config, { migrations: TEST_MIGRATIONS })
  for (const name of ['a', 'b']) await insertThing(database, name, 0)
  const bothHaveOne = Promise.withResolvers<void>()
  let runs = 0
  const lockBoth = (first: string, second: string) =>
    database.transaction(async (trx) => {
      const increment = (name: string) =>
        things(trx)
          .updateTable('thing')
          .set(({ eb }) => ({ amount: eb('amount', '+', 1) }))
          .where('name', '=', name)
          .execute()
      await increment(first)
      runs += 1
      if (runs === 2) bothHaveOne.resolve()
      await bothHaveOne.promise
      await increment(second)
    })
  await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')])
  t.ok(runs >= 3, `${runs} runs: one had to give way`)
  const rows = await database.run((db) => things(db).selectFrom('thing').select('amount').execute())
  t.strictSame(rows, [{ amount: 2 }, { amount: 2 }])
})

t.test('a statement that takes too long is unavailable, and the connection lives', async (t) => {
  const config = postgresConfig(await makeDatabase(t), { statementTimeoutMs: 200, poolMax: 2 })
  const database = await openDatabase(t, config)
  const reason = await database
    .run((db) => sql`SELECT pg_sleep(60)`.execute(db))
    .catch((error: unknown) => error)
  t.match(reason, { kind: 'unavailable', message: /statement timeout/ })
  await database.check()
})

t.test('a column that a newer instance has added is in nobody’s way for long', async (t) => {
  const config = postgresConfig(await makeDatabase(t), { poolMax: 1 })
  const database = await openDatabase(t, config, { migrations: TEST_MIGRATIONS })
  const newer = await openDatabase(t, config, { migrations: TEST_MIGRATIONS })
  await insertThing(database, 'a')
  const asked = () => database.rows('x', { name: 'text' }, [{ name: 'a' }])
  const find = (db: Parameters<Parameters<typeof database.run>[0]>[0]) =>
    sql`SELECT thing.* FROM ${asked()} CROSS JOIN thing WHERE thing.name = x.name`.execute(db)
  const addColumn = (name: string) =>
    newer.run((db) => sql`ALTER TABLE thing ADD COLUMN ${sql.raw(name)} text`.execute(db))
  await database.run(find)
  await addColumn('one')
  const reason = await database.run(find).catch((error: unknown) => error)
  t.match(reason, { kind: 'unavailable' }, 'it is named, or this test tests nothing')
  t.match((await database.run(find)).rows, [{ name: 'a', one: null }])
  await addColumn('two')
  const { rows } = await database.transaction(find)
  t.match(rows, [{ name: 'a', two: null }], 'a transaction is run again')
})

t.test('more callers than connections can serve in time are refused, not kept', async (t) => {
  const config = postgresConfig(await makeDatabase(t), { poolMax: 2, connectTimeoutMs: 300 })
  const database = await openDatabase(t, config)
  const results = await Promise.allSettled(
    Array.from({ length: 4 }, () => database.run((db) => sql`SELECT pg_sleep(1)`.execute(db))),
  )
  const refused = results.filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 2)
  for (const result of refused) t.match(result, { reason: { kind: 'unavailable' } })
  await database.check()
})
