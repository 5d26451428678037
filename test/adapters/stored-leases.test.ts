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
