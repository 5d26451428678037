import t from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { chargingMigrationContract } from '../contracts/charging-migration.ts'
import { chargingStoresContract } from '../contracts/charging-stores.ts'

chargingStoresContract(t, async (t) => {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  t.teardown(() => database.close())
  return ({ now = Date.now } = {}) => createChargingStores({ database, now })
})

t.test('what was stored before there was retention', async (t) => {
  const dataDir = t.testdir()
  await chargingMigrationContract(t, async (options) => {
    const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir }, options)
    await database.open()
    t.teardown(() => database.close())
    return database
  })
})
