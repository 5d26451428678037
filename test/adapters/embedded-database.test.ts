import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { SqliteEngine } from '../../src/adapters/database/embedded/engine.ts'
import { Turns } from '../../src/adapters/database/embedded/turns.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import {
  databaseContract,
  insertThing,
  type MakePlace,
  namesOf,
  TEST_MIGRATIONS,
} from '../contracts/database.ts'
import { lastStatementsContract } from '../contracts/database-last-statements.ts'
import { transactionsContract } from '../contracts/database-transactions.ts'

const STORE_UNTIL_KILLED = join(import.meta.dirname, 'fixtures', 'store-until-killed.ts')

const place: MakePlace = async (t) => {
  const dataDir = t.testdir()
  return { make: (options) => createEmbeddedDatabase({ adapter: 'embedded', dataDir }, options) }
}
databaseContract(t, place)
transactionsContract(t, place)
lastStatementsContract(t, place)

t.test('a file that is no database is an error for people', async (t) => {
  const dataDir = t.testdir()
  writeFileSync(join(dataDir, 'fleetgrid.db'), 'not a database '.repeat(500))
  const reason = await createEmbeddedDatabase({ adapter: 'embedded', dataDir })
    .open()
    .catch((error: unknown) => error)
  t.match(reason, { message: /Can't open .*fleetgrid\.db: it is not a database; restore/ })
})

t.test('what was stored survives a kill', async (t) => {
  const dataDir = t.testdir()
  const config = { adapter: 'embedded', dataDir } as const
  const child = spawn(process.execPath, [STORE_UNTIL_KILLED, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stored: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (name) => {
    stored.push(name)
    if (stored.length === 500) child.kill('SIGKILL')
  })
  await Promise.all([once(child, 'exit'), once(lines, 'close')])
  const database = createEmbeddedDatabase(config, { migrations: TEST_MIGRATIONS })
  t.teardown(() => database.close())
  await database.open()
  const found = new Set(await namesOf(database))
  t.ok(stored.length >= 500)
  t.strictSame(
    stored.filter((name) => !found.has(name)),
    [],
  )
})

t.test('statements of a transaction that is gone are refused, not stored', async (t) => {
  const path = join(t.testdir(), 'engine.db')
  const engine = new SqliteEngine({ path, sizeMaxBytes: 1e7 })
  engine.open()
  t.teardown(() => engine.close())
  engine.executeEach([{ sql: 'CREATE TABLE a (b PRIMARY KEY)', parameters: [] }])
  engine.begin(1, insertOf(0))
  engine.executeIn(1, insertOf(1))
  engine.rollback(1)
  t.throws(() => engine.executeIn(1, insertOf(2)), { code: 'unavailable' })
  t.throws(() => engine.commit(1), { code: 'unavailable' })
  engine.begin(2, insertOf(4))
  t.throws(() => engine.executeIn(1, insertOf(3)), { code: 'unavailable' })
  t.throws(() => engine.commit(1, [insertOf(3)]), { code: 'unavailable' })
  engine.rollback(1)
  engine.commit(2)
  t.match(engine.executeEach([{ sql: 'SELECT b FROM a', parameters: [] }]), [{ rows: [{ b: 4 }] }])
})

t.test('a transaction whose time is over before it began anything does nothing', async (t) => {
  const config = { adapter: 'embedded', dataDir: t.testdir() } as const
  const limits = { migrations: TEST_MIGRATIONS, transactionMaxMs: 100 }
  const database = createEmbeddedDatabase(config, limits)
  t.teardown(() => database.close())
  await database.open()
  const late = database.transaction(async (trx) => {
    // It has its turn when this one has lost it.
    await insertThing(database, 'other')
    await trx.deleteFrom('lease').execute()
  })
  await t.rejects(late, { kind: 'unavailable', message: /took too long/ })
  await database.transaction((trx) => trx.deleteFrom('lease').execute())
  t.strictSame(await namesOf(database), ['other'])
})

t.test('a full file refuses for now, and what was there stays', async (t) => {
  const path = join(t.testdir(), 'engine.db')
  const engine = new SqliteEngine({ path, sizeMaxBytes: 200_000 })
  engine.open()
  t.teardown(() => engine.close())
  engine.executeEach([{ sql: 'CREATE TABLE a (b PRIMARY KEY)', parameters: [] }, insertOf(1)])
  const large = Array.from({ length: 10 }, (_, number) => insertOf(`${number}`.padEnd(50_000)))
  t.throws(() => engine.executeEach([insertOf(2), ...large]), { code: 'unavailable' })
  t.match(engine.executeEach(large.slice(0, 1)), [{ changes: 1 }])
  t.match(engine.executeEach([{ sql: 'SELECT count(*) AS n FROM a', parameters: [] }]), [
    { rows: [{ n: 2 }] },
  ])
})

function insertOf(value: string | number) {
  return { sql: 'INSERT INTO a VALUES (?)', parameters: [value] }
}

t.test('turns are bounded in time, and pass on', async (t) => {
  const turns = new Turns(20)
  await turns.take()
  const patient = new Turns(60_000)
  await patient.take()
  const next = patient.take()
  const reason = await turns.take().catch((error: unknown) => error)
  t.match(reason, { kind: 'unavailable', message: /no turn within 20 ms/ })
  patient.release()
  await next
  patient.release()
  turns.release()
  await turns.take()
})
