import { sql } from 'kysely'
import t from 'tap'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import { databaseContract, insertThing, TEST_MIGRATIONS, things } from '../contracts/database.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { openDatabase, postgresConfig } from '../helpers/postgres.ts'

databaseContract(t, async (t) => {
  const url = await makeDatabase(t)
  return { make: (options) => createPostgresDatabase(postgresConfig(url), options) }
})

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
