import t, { type Test } from 'tap'
import type { Database } from '../../src/adapters/database/database.ts'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import type { PostgresDatabaseConfig } from '../../src/config/adapters.ts'
import {
  insertThing,
  namesOf,
  TEST_MIGRATIONS,
  type ThingTable,
  things,
} from '../contracts/database.ts'
import { LeaseLog } from '../contracts/leases.ts'
import { collect } from '../contracts/signals.ts'
import { startPostgres } from '../engines/postgres.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { makeDatabase } from '../helpers/engines.ts'
import {
  endConnections,
  type OpenSignals,
  openDatabase,
  openSignals,
  persist,
  postgresConfig,
} from '../helpers/postgres.ts'
import { startProxy } from '../helpers/swallowing-proxy.ts'
import { until } from '../helpers/until.ts'

const LEASE_MS = 1500
const WRITERS = 4
const NUMBERS = Array.from({ length: 400 }, (_, number) => `${number}`.padStart(4, '0'))

interface Instance {
  readonly database: Database
  readonly signals: OpenSignals
  /** What it received, without repetitions, in order of first arrival. */
  received(): string[]
}

async function openInstance(t: Test, config: PostgresDatabaseConfig): Promise<Instance> {
  const database = await openDatabase(t, config, { migrations: TEST_MIGRATIONS })
  const signals = await openSignals(t, config, database)
  const box = collect(signals.signals, 'work')
  return { database, signals, received: () => [...new Set(box)] }
}

/** Stores and announces every number while `disturb` does what it does. */
async function workThrough(
  t: Test,
  instances: readonly [Instance, ...Instance[]],
  disturb: (progress: () => number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  const [{ database, signals }] = instances
  let done = 0
  const store = async (numbers: readonly string[]): Promise<void> => {
    for (const number of numbers) await persist(failures, () => storeOnce(database, number))
  }
  const announce = async (): Promise<void> => {
    for (const number of NUMBERS) {
      await persist(failures, () => signals.signals.publish('work', number))
      done += 1
    }
  }
  const part = NUMBERS.length / WRITERS
  const stores = Array.from({ length: WRITERS }, (_, writer) =>
    store(NUMBERS.slice(writer * part, (writer + 1) * part)),
  )
  await Promise.all([...stores, announce(), disturb(() => done)])
  t.comment(`${failures.length} calls failed and were repeated`)
  t.strictSame(await persist([], () => namesOf(database)), NUMBERS, 'each is stored once')
  for (const { received } of instances) {
    await until(() => received().length === NUMBERS.length, { what: 'all signals arrive' })
    t.strictSame(received(), NUMBERS, 'in order')
  }
}

/** Safe to repeat, as all that may end in `unavailable` has to be. */
async function storeOnce(database: Database, name: string): Promise<void> {
  await database.transaction(async (trx) => {
    const values = { name, amount: 1, bytes: new Uint8Array() } as ThingTable
    const insert = things(trx).insertInto('thing').values(values)
    await insert.onConflict((conflict) => conflict.column('name').doNothing()).execute()
    const row = things(trx).selectFrom('thing').select('id').where('name', '=', name)
    await row.executeTakeFirstOrThrow()
  })
}

t.test('connections that are ended again and again cost time only', async (t) => {
  const url = await makeDatabase(t)
  const config = postgresConfig(url)
  const one = await openInstance(t, config)
  const other = await openInstance(t, config)
  await workThrough(t, [one, other], async (progress) => {
    for (const number of [50, 120, 121, 122, 200, 300]) {
      await until(() => progress() >= number)
      // Right after the time before there may be none yet.
      await until(async () => (await endConnections(url)) > 0)
    }
  })
  t.ok(other.signals.connection.length >= 2, other.signals.connection.join(', '))
  await until(() => other.signals.connection.at(-1) === 'found')
  await one.signals.signals.check()
})

t.test('a server that is killed and restarted costs time only', async (t) => {
  const folder = engineFolder(t)
  const first = await startPostgres({ folder })
  t.teardown(() => first.stop())
  const config = postgresConfig(first.url, { connectTimeoutMs: 1000 })
  const one = await openInstance(t, config)
  const other = await openInstance(t, config)
  const log = new LeaseLog()
  const leases = ['a', 'b', 'c'].map((instance, index) => {
    const { database } = index === 0 ? other : one
    return log.compete(createStoredLeases({ database, instance, durationMs: LEASE_MS }), instance)
  })
  t.teardown(() => Promise.all(leases.map((lease) => lease.release())))
  await log.holder()
  await workThrough(t, [one, other], async (progress) => {
    await until(() => progress() >= 100)
    await first.kill()
    await until(() => log.events.length === 2 && log.holders.size === 0, { what: 'it is lost' })
    for (const part of [one.database, one.signals.signals]) {
      t.match(await part.check().catch((error: unknown) => error), { kind: 'unavailable' })
    }
    const second = await startPostgres({ folder, port: first.port })
    t.teardown(() => second.stop())
    await log.holder()
  })
  t.match(log.events[0], /gained/)
  t.match(log.events[1], /lost/)
  t.match(log.events[2], /gained/)
  t.equal(log.holdersMax, 1)
})

t.test('a lease never has two holders while connections are ended', async (t) => {
  const url = await makeDatabase(t)
  const log = new LeaseLog()
  const databases: Database[] = []
  for (const instance of ['a', 'b', 'c']) {
    const database = await openDatabase(t, postgresConfig(url, { poolMax: 2 }))
    databases.push(database)
    const lease = log.compete(
      createStoredLeases({ database, instance, durationMs: LEASE_MS }),
      instance,
    )
    t.teardown(() => lease.release())
  }
  for (let round = 0; round < 10; round += 1) {
    await log.holder()
    await endConnections(url)
  }
  // The holder's database is gone for good; its process lives on, as in a cut-off network.
  const before = await log.holder()
  const closedAt = performance.now()
  await databases[['a', 'b', 'c'].indexOf(before)]?.close()
  await until(() => log.holders.size === 1 && !log.holders.has(before))
  const afterMs = performance.now() - closedAt
  t.ok(afterMs < LEASE_MS * 2, `another has it after ${Math.round(afterMs)} ms`)
  t.equal(log.holdersMax, 1)
  const lost = log.events.indexOf(`${before} lost`)
  t.ok(lost >= 0 && lost < log.events.length - 1, 'it was lost before it was gained')
})

t.test('a network that swallows everything is an outage, not a hang', async (t) => {
  const url = new URL(await makeDatabase(t))
  const proxy = await startProxy(t, Number(url.port))
  url.port = String(proxy.port)
  const config = postgresConfig(url.href, { statementTimeoutMs: 300, connectTimeoutMs: 500 })
  const { database, signals } = await openInstance(t, config)
  const log = new LeaseLog()
  const leases = createStoredLeases({ database, instance: 'a', durationMs: LEASE_MS })
  const lease = log.compete(leases, 'a')
  t.teardown(() => lease.release())
  await log.holder()
  proxy.swallow(true)
  t.match(await database.check().catch((error: unknown) => error), { kind: 'unavailable' })
  await until(() => signals.connection.length > 0 && log.holders.size === 0)
  proxy.swallow(false)
  await log.holder()
  await until(() => signals.connection.at(-1) === 'found')
  t.strictSame(log.events, ['a gained', 'a lost', 'a gained'])
})

t.test('five instances start on an empty database at once', async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  const options = { migrations: TEST_MIGRATIONS }
  const databases = await Promise.all(
    Array.from({ length: 5 }, () => openDatabase(t, config, options)),
  )
  await Promise.all(databases.map((database, number) => insertThing(database, `${number}`)))
  for (const database of databases) t.equal((await namesOf(database)).length, 5)
})

t.test('errors at the start are for people and keep the password', async (t) => {
  const url = new URL(await makeDatabase(t))
  url.password = 'secret'
  const wrong: [Partial<PostgresDatabaseConfig>, RegExp][] = [
    [{ url: `${url.href}?sslmode=disable` }, /must not contain sslmode; use DATABASE_TLS/],
    [{ url: url.href, tls: 'verify', caFile: '/nowhere.pem' }, /DATABASE_CA_FILE \/nowhere\.pem/],
    [{ url: url.href, tls: 'require' }, /does not support SSL/],
    [{ url: url.href.replace(/\/test_\w+$/, '/nowhere') }, /"nowhere" does not exist/],
    [{ url: 'postgres://me:secret@127.0.0.1:1/x' }, /at 127\.0\.0\.1:1\/x: .*ECONNREFUSED/],
  ]
  for (const [part, message] of wrong) {
    const reason = await openDatabase(t, postgresConfig(url.href, part)).catch((e: unknown) => e)
    t.match(reason, { message })
    t.notMatch((reason as Error).message, /secret/)
  }
})
