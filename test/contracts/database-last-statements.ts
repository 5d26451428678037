import { sql } from 'kysely'
import type { Test } from 'tap'
import type { Database } from '../../src/adapters/database/database.ts'
import {
  insertThing,
  insertThingBy,
  type MakePlace,
  namesOf,
  openIn,
  reasonOf,
} from './database.ts'

/** Of transactions, what both engines must do alike with statements whose answer nobody waits for. */
export function lastStatementsContract(t: Test, place: MakePlace): void {
  const open = openIn(place)
  const rename = (database: Database, from: string, to: string) =>
    database.transaction(async (trx) => {
      await database.executeLast(trx, sql`UPDATE thing SET name = ${to} WHERE name = ${from}`)
      return insertThingBy(trx, `${from} is ${to}`)
    })

  t.test('what nobody waits for is done with the commit, or nothing is', async (t) => {
    const database = await open(t)
    await insertThing(database, 'a')
    t.type(await rename(database, 'a', 'b'), 'number')
    t.strictSame(await namesOf(database), ['a is b', 'b'])
    t.match(await reasonOf(rename(database, 'a is b', 'b')), { kind: 'conflict' })
    t.strictSame(await namesOf(database), ['a is b', 'b'])
    await insertThing(database, 'nobody holds the engine')
  })

  t.test('a transaction may have nothing else, or nothing at all', async (t) => {
    const database = await open(t)
    await insertThing(database, 'a')
    await database.transaction(async (trx) => {
      for (const name of ['b', 'c']) {
        await database.executeLast(trx, sql`UPDATE thing SET name = ${name}`)
      }
    })
    t.strictSame(await namesOf(database), ['c'], 'in their order')
    t.equal(await database.transaction(async () => 'nothing'), 'nothing')
    const failure = new Error('second thoughts')
    const reason = await reasonOf(
      database.transaction(async (trx) => {
        await database.executeLast(trx, sql`DELETE FROM thing`)
        throw failure
      }),
    )
    t.equal(reason, failure)
    t.strictSame(await namesOf(database), ['c'])
  })
}
