import { sql } from 'kysely'
import type { Test } from 'tap'
import {
  insertThing,
  insertThingBy,
  type MakePlace,
  namesOf,
  openIn,
  reasonOf,
  things,
} from './database.ts'

/** What both engines must do alike with statements that belong together. */
export function transactionsContract(t: Test, place: MakePlace): void {
  const open = openIn(place)
  t.test('all or nothing', async (t) => {
    const database = await open(t)
    const answer = await database.transaction(async (trx) => {
      await insertThingBy(trx, 'a')
      await insertThingBy(trx, 'b')
      return 'done'
    })
    t.equal(answer, 'done')
    const failure = new Error('second thoughts')
    const reason = await reasonOf(
      database.transaction(async (trx) => {
        await insertThingBy(trx, 'c')
        throw failure
      }),
    )
    t.equal(reason, failure, 'the own error comes through')
    const conflict = await reasonOf(
      database.transaction(async (trx) => {
        await insertThingBy(trx, 'd')
        await insertThingBy(trx, 'a')
      }),
    )
    t.match(conflict, { kind: 'conflict' })
    t.strictSame(await namesOf(database), ['a', 'b'])
  })

  t.test('a statement that fails at one of its rows ends it, also if that is caught', async (t) => {
    const database = await open(t)
    for (const name of ['a', 'b', 'c']) await insertThing(database, name)
    const renamed = [
      { name: 'a', next: 'new' },
      { name: 'b', next: 'c' },
    ]
    const columns = { name: 'text', next: 'text' } as const
    const rename = sql`UPDATE thing SET name = x.next
      FROM ${database.eachRow('x', columns, renamed)} WHERE thing.name = x.name`
    const reason = await reasonOf(
      database.transaction(async (trx) => {
        t.match(await reasonOf(rename.execute(trx)), { kind: 'conflict' })
        await insertThingBy(trx, 'd')
      }),
    )
    t.type(reason, Error)
    t.match(await reasonOf(database.run((db) => rename.execute(db))), { kind: 'conflict' })
    t.strictSame(await namesOf(database), ['a', 'b', 'c'])
  })

  t.test('counting up by many at once loses nothing', async (t) => {
    const database = await open(t)
    await insertThing(database, 'sum', 0)
    const increment = () =>
      database.transaction(async (trx) => {
        const query = things(trx).updateTable('thing').where('name', '=', 'sum')
        await query.set(({ eb }) => ({ amount: eb('amount', '+', 1) })).execute()
        await insertThingBy(trx, `done ${Math.random()}`)
      })
    await Promise.all(Array.from({ length: 100 }, increment))
    const row = await database.run((db) =>
      things(db).selectFrom('thing').select('amount').where('name', '=', 'sum').execute(),
    )
    t.strictSame(row, [{ amount: 100 }])
    t.equal((await namesOf(database)).length, 101)
  })

  t.test('one that is open for too long is undone and holds nobody up', async (t) => {
    const database = await open(t, { transactionMaxMs: 300 })
    const reason = await reasonOf(
      database.transaction(async (trx) => {
        await insertThingBy(trx, 'held', 1)
        // Waits for this very transaction, which is ended for it.
        await insertThing(database, 'held', 2)
        await insertThingBy(trx, 'too late')
      }),
    )
    t.match(reason, { kind: 'unavailable' })
    t.strictSame(await namesOf(database), ['held'])
    await database.transaction((trx) => insertThingBy(trx, 'after'))
    t.strictSame(await namesOf(database), ['after', 'held'])
  })
}
