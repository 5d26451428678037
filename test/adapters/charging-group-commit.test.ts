import t, { type Test } from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { GatheredReads } from '../../src/adapters/charging/gathered-reads.ts'
import {
  GroupCommit,
  type GroupCommitOptions,
  type GroupEvent,
} from '../../src/adapters/charging/group-commit.ts'
import type { Database } from '../../src/adapters/database/database.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import { until } from '../helpers/until.ts'

const AWAY = new FleetgridError('unavailable', 'Database: away.')

async function openDatabase(t: Test): Promise<Database> {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  t.teardown(() => database.close())
  await database.open()
  return database
}

/** The real database; `before` and `after` may stop each transaction. */
function interrupted(
  database: Database,
  { before, after }: { before?: () => void; after?: () => void },
): Database {
  return {
    open: () => database.open(),
    close: () => database.close(),
    check: () => database.check(),
    run: (work) => database.run(work),
    transaction: async (work) => {
      before?.()
      const result = await database.transaction(work)
      after?.()
      return result
    },
    executeLast: (...args) => database.executeLast(...args),
    now: database.now,
    rows: (...args) => database.rows(...args),
    eachRow: (...args) => database.eachRow(...args),
  }
}

/** A commit of numbers that keeps them as records; -1 can't be stored. */
async function makeCommit(
  t: Test,
  options: Partial<GroupCommitOptions> & { before?: () => void } = {},
) {
  const { before, ...rest } = options
  const database = interrupted(await openDatabase(t), before === undefined ? {} : { before })
  const groups: GroupEvent[] = []
  const onGroup = (event: GroupEvent) => void groups.push(event)
  const limits = { queueMax: 1000, groupMax: 100, deadlineMs: 60_000 }
  const commit = new GroupCommit({ database, ...limits, onGroup, ...rest })
  const calls: string[] = []
  const kind = (name: string) =>
    commit.kind<number, string>(async (trx, items) => {
      calls.push(`${name} ${items.join(' ')}`)
      for (const item of items) {
        const at = item === -1 ? (null as never) : item
        const row = { charge_point_id: name, kind: 'orphan' as const, key: `${item}`, at }
        await trx
          .insertInto('charging_record')
          .values({ ...row, document: '{}' })
          .execute()
      }
      return items.map((item) => `${name} ${item}`)
    })
  const add = { first: kind('first'), second: kind('second') }
  const stored = async () => {
    const rows = await database.run((db) =>
      db.selectFrom('charging_record').select(['charge_point_id', 'key']).orderBy('at').execute(),
    )
    return rows.map((row) => `${row.charge_point_id} ${row.key}`)
  }
  return { commit, add, calls, groups, stored }
}

t.test('calls of one moment are one transaction, its kinds in their order', async (t) => {
  const { add, calls, groups } = await makeCommit(t)
  const results = await Promise.all([add.second(1), add.first(2), add.second(3), add.first(4)])
  t.strictSame(results, ['second 1', 'first 2', 'second 3', 'first 4'])
  t.strictSame(calls, ['first 2 4', 'second 1 3'])
  t.match(groups, [{ size: 4, error: undefined }])
})

t.test('what arrives while one runs goes with the next, so many at a time', async (t) => {
  const { add, groups } = await makeCommit(t)
  let others: Promise<string[]> | undefined
  const first = add.first(-2).then(() => {
    // Not before: they would go with it.
  })
  setImmediate(() => {
    others = Promise.all(Array.from({ length: 250 }, (_, n) => add.first(n)))
  })
  await first
  await others
  t.strictSame(
    groups.map(({ size }) => size),
    [1, 100, 100, 50],
  )
})

t.test('the next ones are on their way before anybody takes an answer', async (t) => {
  const { add, calls } = await makeCommit(t, { groupMax: 2 })
  const answers: string[] = []
  const asked = [1, 2, 3, 4, 5].map(async (n) => {
    await add.first(n)
    answers.push(`${n} after ${calls.length} groups`)
  })
  await Promise.all(asked)
  t.strictSame(answers, [
    ...['1 after 2 groups', '2 after 2 groups', '3 after 3 groups', '4 after 3 groups'],
    '5 after 3 groups',
  ])
})

t.test('too many are refused, and nothing of them is kept', async (t) => {
  const { add, stored } = await makeCommit(t, { queueMax: 3 })
  const results = await Promise.allSettled([1, 2, 3, 4].map((n) => add.first(n)))
  t.match(results[3], { status: 'rejected', reason: { kind: 'unavailable', message: /than 3/ } })
  t.equal((await stored()).length, 3)
  t.equal(await add.first(5), 'first 5', 'there is room again')
})

t.test('one that can’t be stored fails alone', async (t) => {
  const { add, stored } = await makeCommit(t)
  const items = Array.from({ length: 40 }, (_, n) => (n === 17 ? -1 : n))
  const results = await Promise.allSettled(items.map((n) => add.first(n)))
  const failed = results.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))
  t.strictSame(failed, [17])
  t.match(results[17], { reason: { message: /NOT NULL/ } })
  t.equal((await stored()).length, 39)
})

t.test('while the database is away they are tried again, until it is back', async (t) => {
  let failures = 3
  const before = () => {
    failures -= 1
    if (failures >= 0) throw AWAY
  }
  const { add, groups } = await makeCommit(t, { before })
  t.strictSame(await Promise.all([add.first(1), add.second(2)]), ['first 1', 'second 2'])
  t.strictSame(
    groups.map(({ error }) => error),
    [AWAY, AWAY, AWAY, undefined],
  )
})

t.test('what keeps failing is told, until it is over', async (t) => {
  let isAway = true
  const { commit, add } = await makeCommit(t, {
    before() {
      if (isAway) throw AWAY
    },
  })
  t.equal(commit.problem(), undefined)
  const written = add.first(1)
  await until(() => commit.problem() !== undefined)
  t.match(commit.problem(), /^writes of charging fail, 1 wait: Database: away/)
  isAway = false
  await written
  t.equal(commit.problem(), undefined)
})

t.test('or until they have waited for too long', async (t) => {
  let isAway = true
  const before = () => {
    if (isAway) throw AWAY
  }
  const { commit, add } = await makeCommit(t, { before, deadlineMs: 0, groupMax: 1 })
  const results = await Promise.allSettled([add.first(1), add.first(2)])
  const refused = { kind: 'unavailable', message: /not durable within 0 ms: Database: away/ }
  t.match(results, [{ reason: refused }, { reason: refused }])
  t.equal(commit.size, 0)
  isAway = false
  t.equal(await add.first(3), 'first 3')
})

t.test('closing waits for what was asked, and refuses what comes', async (t) => {
  const { commit, add, stored } = await makeCommit(t, { groupMax: 2 })
  const asked = Promise.all([1, 2, 3, 4, 5].map((n) => add.first(n)))
  await Promise.all([commit.close(), commit.close()])
  t.equal((await stored()).length, 5)
  await asked
  await t.rejects(add.first(6), { kind: 'unavailable', message: /closed/ })
  await commit.close()
})

t.test('a commit whose answer got lost is no second effect', async (t) => {
  let lose = false
  const after = () => {
    if (!lose) return
    lose = false
    throw AWAY
  }
  const database = interrupted(await openDatabase(t), { after })
  const { transactions, commands, chargePoints } = createChargingStores({
    ...{ database, now: Date.now },
  })
  const losing = <T>(work: () => Promise<T>): Promise<T> => {
    lose = true
    return work()
  }
  const at = 1_790_000_000_000
  const place = { chargePointId: 'A', evseId: 1, connectorId: 1 }
  const start = { ...place, tokenUid: 'T', at, meterStartWh: 0 }
  const { number = 0 } = await losing(() => transactions.start(start))
  t.equal((await transactions.start(start)).number, number)
  const samples = [{ value: 5 }]
  await losing(() => transactions.addReadings(place, number, [{ at, samples }]))
  const transactionId = `A/${number}`
  t.equal((await transactions.readings({ transactionId, limit: 9 })).length, 1)
  const stop = { chargePointId: 'A', number, at, meterStopWh: 9, readings: [] }
  t.match(await losing(() => transactions.stop(stop)), { meterStopWh: 9, stoppedAt: at })
  const command = { id: '1', chargePointId: 'A', kind: 'reset', parameters: {}, createdAt: at }
  const queued = { ...command, state: 'queued', expiresAt: at + 9, attemptsLeft: 1 } as const
  await losing(() => commands.enqueue(queued))
  const claim = { chargePointId: 'A', instance: 'one', epoch: 1, at, limit: 9 }
  t.match(await losing(() => commands.claim(claim)), [{ id: '1', state: 'sent' }])
  const epoch = await losing(() => chargePoints.connected('A', 'one', '1.6', at))
  t.match(await chargePoints.find('A'), { connection: { epoch } }, 'it holds the newest')
})

t.test('lookups: what is asked while one runs is answered by the next', async (t) => {
  const asked: (readonly string[])[] = []
  const gates: PromiseWithResolvers<void>[] = []
  const reads = new GatheredReads<string>({
    queueMax: 3,
    keysMax: 2,
    fetch: async (keys) => {
      asked.push(keys)
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, `of ${key}`]))
    },
  })
  const open = async (gate: number) => {
    while (gates[gate] === undefined) await new Promise(setImmediate)
    gates[gate]?.resolve()
  }
  const first = reads.find('a')
  await new Promise(setImmediate)
  const others = [reads.find('a'), reads.find('none'), reads.find('a'), reads.find('b')]
  await t.rejects(reads.find('c'), { kind: 'unavailable', message: /more than 3/ })
  await open(0)
  t.equal(await first, 'of a')
  await Promise.all([open(1), open(2)])
  t.strictSame(await Promise.all(others), ['of a', undefined, 'of a', 'of b'])
  t.strictSame(asked, [['a'], ['a', 'none'], ['b']])
  const failing = reads.find('a')
  while (gates[3] === undefined) await new Promise(setImmediate)
  gates[3]?.reject(AWAY)
  await t.rejects(failing, AWAY)
  const after = reads.find('a')
  await open(4)
  t.equal(await after, 'of a')
})
