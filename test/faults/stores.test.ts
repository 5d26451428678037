import { join } from 'node:path'
import t from 'tap'
import { startMosquitto } from '../engines/mosquitto.ts'
import { startOpenSearch } from '../engines/opensearch.ts'
import { createFaultFleet, publishAll } from '../helpers/fault-fleet.ts'
import { productionEnv, verifyFleet } from '../helpers/production.ts'
import { createService, type Service } from '../helpers/service.ts'
import { startStores } from '../helpers/stores.ts'
import { until } from '../helpers/until.ts'

// PostgreSQL and S3 fail in mid-run. What can't be used has to wait for them; the rest goes on.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const AWAY_MS = 30_000

t.comment(`seed ${SEED}`)
const folder = t.testdir({ stores: {} })
const opensearch = await startOpenSearch({ folder: join(folder, 'opensearch') })
const broker = await startMosquitto({ folder: join(folder, 'mosquitto') })
const stores = await startStores(t, join(folder, 'stores'))
t.teardown(async () => {
  await broker.stop()
  await opensearch.stop()
})

for (const [name, kill] of [
  ['postgres', stores.killPostgres],
  ['s3', stores.killS3],
] as const) {
  t.test(`${name} is killed and away for 30 s`, { timeout: 240_000 }, async (t) => {
    const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: `${name}-` }
    // Few are unusable: those wait, and hold their connections' windows.
    const fleet = createFaultFleet({
      ...{ seed: SEED, vehicles: 50, messages: 20_000 },
      unusableEvery: 1000,
    })
    const env = { ...productionEnv(engines), ...stores.env, LOG_LEVEL: 'error' }
    const service = await createService(t, { ...env, DATA_DIR: t.testdir() })
    await service.start()
    const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 400 })
    await until(() => publishing.acknowledged() > 3000, { withinMs: 60_000 })
    const restart = await kill()
    const killedAt = Date.now()
    const before = await countStored(service)
    await until(() => Date.now() - killedAt > AWAY_MS, { withinMs: 40_000 })
    const meanwhile = (await countStored(service)) - before
    t.ok(meanwhile > 6000, `${meanwhile} messages were stored meanwhile`)
    await restart()
    await publishing.finished
    await verifyFleet(t, engines, fleet, { services: [service], withinMs: 90_000 })
    t.equal(await service.kill('SIGTERM'), 0)
  })
}

async function countStored({ httpUrl }: Service): Promise<number> {
  const metrics = await (await fetch(`${httpUrl}/metrics`)).text()
  const pattern = /^fleetgrid_messages_total\{topic="cardata",outcome="stored"\} (\d+)/m
  return Number(pattern.exec(metrics)?.[1] ?? 0)
}
