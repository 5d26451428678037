import t from 'tap'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import { leasesContract } from '../contracts/leases.ts'

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
