import t from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { chargingStoresContract } from '../contracts/charging-stores.ts'

chargingStoresContract(t, async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  return () => createChargingStores({ database, now: Date.now })
})
