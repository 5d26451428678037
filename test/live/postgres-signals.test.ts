import t from 'tap'
import { trimSignals } from '../../src/adapters/signals/postgres.ts'
import { collect, signalsContract } from '../contracts/signals.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { openDatabase, openSignals, postgresConfig } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'

signalsContract(t, async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  const one = await openSignals(t, config, await openDatabase(t, config))
  const other = await openSignals(t, config, await openDatabase(t, config))
  return { instances: [one.signals, other.signals], failures: one.failures }
})

t.test('several publishers at once: nothing is overtaken and missed', async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  const database = await openDatabase(t, config)
  const { signals: receiver } = await openSignals(t, config, database)
  const received = collect(receiver, 'work')
  const names = ['a', 'b', 'c', 'd']
  const publishers = await Promise.all(names.map(() => openSignals(t, config, database)))
  const numbers = Array.from({ length: 500 }, (_, number) => number)
  await Promise.all(
    publishers.map(async ({ signals }, index) => {
      for (const number of numbers) await signals.publish('work', `${names[index]}${number}`)
    }),
  )
  await until(() => received.length >= names.length * numbers.length)
  for (const name of names) {
    const own = received.filter((payload) => payload.startsWith(name))
    t.strictSame(
      own,
      numbers.map((number) => `${name}${number}`),
    )
  }
})

t.test('what is older than the retention goes, the rest stays', async (t) => {
  const config = postgresConfig(await makeDatabase(t))
  const database = await openDatabase(t, config)
  const row = { channel: 'a', payload: 'b' }
  const [old, young] = [Date.now() - 3_700_000, Date.now() - 3_500_000]
  await database.run((db) =>
    db
      .insertInto('signal')
      .values([
        ...Array.from({ length: 6000 }, () => ({ ...row, created_at: old })),
        { ...row, created_at: young },
      ])
      .execute(),
  )
  await trimSignals(database, 3_600_000)
  const left = await database.run((db) => db.selectFrom('signal').select('created_at').execute())
  t.strictSame(left, [{ created_at: young }])
})
