import { join } from 'node:path'
import t from 'tap'
import { startMosquitto } from '../engines/mosquitto.ts'
import { startOpenSearch } from '../engines/opensearch.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createFaultFleet, publishAll } from '../helpers/fault-fleet.ts'
import { countStored, productionEnv, verifyFleet } from '../helpers/production.ts'
import { startRestartable } from '../helpers/restartable.ts'
import { createService } from '../helpers/service.ts'
import { startStores } from '../helpers/stores.ts'
import { until } from '../helpers/until.ts'

// PostgreSQL and S3 fail in mid-run. What can't be used has to wait for them; the rest goes on.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const AWAY_MS = 30_000

t.comment(`seed ${SEED}`)
const folder = engineFolder(t, { stores: {} })
const opensearch = await startRestartable(t, (port) =>
  startOpenSearch({ folder: join(folder, 'opensearch'), port }),
)
const broker = await startRestartable(t, (port) =>
  startMosquitto({ folder: join(folder, 'mosquitto'), port }),
)
const { env: storesEnv, ...stores } = await startStores(t, join(folder, 'stores'))

for (const [name, store] of Object.entries(stores)) {
  t.test(`${name} is killed and away for 30 s`, { timeout: 240_000 }, async (t) => {
    const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: `${name}-` }
    // Few are unusable: those wait, and hold their connections' windows.
    const fleet = createFaultFleet({
      ...{ seed: SEED, vehicles: 50, messages: 20_000 },
      unusableEvery: 1000,
    })
    const env = { ...productionEnv(engines), ...storesEnv, LOG_LEVEL: 'error' }
    const service = await createService(t, { ...env, DATA_DIR: engineFolder(t) })
    await service.start()
    const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 400 })
    await until(() => publishing.acknowledged() > 3000, { withinMs: 60_000 })
    await store.kill()
    const killedAt = Date.now()
    const before = await countStored(service)
    await until(() => Date.now() - killedAt > AWAY_MS, { withinMs: 40_000 })
    const meanwhile = (await countStored(service)) - before
    t.ok(meanwhile > 6000, `${meanwhile} messages were stored meanwhile`)
    await store.start()
    await publishing.finished
    await verifyFleet(t, engines, fleet, { services: [service], withinMs: 90_000 })
    t.equal(await service.kill('SIGTERM'), 0)
  })
}
