import t from 'tap'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { LeaseRow } from '../../src/adapters/leases/lease-row.ts'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import type { LeaseLoss } from '../../src/ports/leases.ts'
import { leasesContract } from '../contracts/leases.ts'
import { until } from '../helpers/until.ts'

const DURATION_MS = 600

leasesContract(t, async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  return {
    durationMs: DURATION_MS,
    instance: (instance) => createStoredLeases({ database, instance, durationMs: DURATION_MS }),
  }
})

t.test('whoever has the database alone has at once what a dead process held', async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  const alone = (instance: string) => createStoredLeases({ database, instance, isAlone: true })
  const take = (instance: string) =>
    alone(instance).take('place', { value: 1, onLost: () => undefined })
  const dead = await take('host-1')
  t.ok(dead)
  t.equal(await take('host-1'), undefined, 'not from itself')
  const next = await take('host-2')
  t.ok(next)
  await Promise.all([dead?.release(), next?.release()])
})

t.test('of a lease that leaves nothing behind nothing is left', async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  const leases = createStoredLeases({ database, instance: 'host' })
  const names = () => database.run((db) => db.selectFrom('lease').select('name').execute())
  const [empty, full] = await Promise.all(
    ['empty', 'full'].map((name) => leases.take(name, { value: 1, onLost: () => undefined })),
  )
  await empty?.setValue(0)
  await empty?.release()
  await full?.release()
  t.strictSame(await names(), [{ name: 'full' }])
})

t.test('without the database it is unknown whose it is; then the database decides', async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  const leases = createStoredLeases({ database, instance: 'host', durationMs: DURATION_MS })
  const events: string[] = []
  const log = (name: string) => ({
    onLost: (loss: LeaseLoss) => void events.push(`${name} ${loss}`),
    onRegained: () => void events.push(`${name} regained`),
    onGained: () => void events.push(`${name} gained`),
  })
  const seen = async (count: number) => {
    await until(() => events.length === count)
    return events.splice(0).toSorted()
  }
  const taken = await leases.take('place', { value: 1, ...log('place') })
  const role = leases.hold('role', log('role'))
  t.strictSame(await seen(1), ['role gained'])
  await database.close()
  t.strictSame(await seen(2), ['place unknown', 'role unknown'])
  await database.open()
  t.strictSame(await seen(2), ['place regained', 'role gained'])
  await database.close()
  t.strictSame(await seen(2), ['place unknown', 'role unknown'])
  await database.open()
  const another = { owner: 'another', expires_at: Date.now() + 3_600_000 }
  const steal = () => database.run((db) => db.updateTable('lease').set(another).execute())
  // What was renewed before it was stolen has been told first.
  await steal()
  await until(() => events.filter((event) => event.endsWith('taken')).length === 2)
  events.splice(0)
  const free = { expires_at: 0 }
  await database.run((db) => db.updateTable('lease').set(free).execute())
  t.strictSame(await seen(1), ['role gained'], 'one that was taken is not competed for')
  await Promise.all([taken?.release(), role.release()])
})

t.test('a renewal that is under way does not undo what is set after it', async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  const owner = { owner: 'host 1', instance: 'host', isAlone: false }
  const row = new LeaseRow(database, { ...owner, name: 'place', value: 3 })
  await row.take(DURATION_MS)
  await Promise.all([row.take(DURATION_MS), row.setValue(0)])
  await row.take(DURATION_MS)
  t.equal(row.value, 0, 'and the next renewal doesn’t, either')
})
