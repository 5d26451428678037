import { join } from 'node:path'
import t from 'tap'
import { startMosquitto } from '../engines/mosquitto.ts'
import { startOpenSearch } from '../engines/opensearch.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createFaultFleet, publishAll } from '../helpers/fault-fleet.ts'
import { countStored, productionEnv, verifyFleet } from '../helpers/production.ts'
import { createRandom } from '../helpers/random.ts'
import { startRestartable } from '../helpers/restartable.ts'
import { createService } from '../helpers/service.ts'
import { startStores } from '../helpers/stores.ts'
import { until } from '../helpers/until.ts'

// The broker or the service itself goes away in mid-run, on real engines. Every message is counted.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const KILLS = 10

t.comment(`seed ${SEED}`)
const folder = engineFolder(t)
const opensearch = await startRestartable(t, (port) =>
  startOpenSearch({ folder: join(folder, 'opensearch'), port }),
)
const broker = await startRestartable(t, (port) =>
  startMosquitto({ folder: join(folder, 'mosquitto'), port }),
)

t.test('the broker is restarted twice', { timeout: 200_000 }, async (t) => {
  const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: 'broker-' }
  const fleet = createFaultFleet({
    seed: SEED,
    vehicles: 100,
    messages: 15_000,
    unusableEvery: 300,
  })
  // Mosquitto 2.0 forgets shared subscriptions when it restarts, and drops what comes until the
  // feed is back; a plain one survives with its session.
  const service = await createService(t, {
    ...productionEnv(engines),
    MQTT_SUBSCRIPTION: 'plain',
    MQTT_CONNECTIONS: '1',
    DATA_DIR: engineFolder(t),
  })
  await service.start()
  const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 1000 })
  for (const share of [0.3, 0.6]) {
    const count = Math.floor(share * fleet.messages.length)
    await until(() => publishing.acknowledged() > count, { withinMs: 60_000 })
    await broker.stop()
    await broker.start()
  }
  await publishing.finished
  await verifyFleet(t, engines, fleet, { services: [service] })
  t.equal(await service.kill('SIGTERM'), 0)
})

t.test(`kill -9 at ${KILLS} random moments`, { timeout: 300_000 }, async (t) => {
  const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: 'kills-' }
  const fleet = createFaultFleet({
    seed: SEED + 1,
    vehicles: 100,
    messages: 25_000,
    unusableEvery: 500,
  })
  const service = await createService(t, { ...productionEnv(engines), DATA_DIR: engineFolder(t) })
  await service.start()
  const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 600 })
  const random = createRandom(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const count = Math.floor(((kill - 1 + random()) / (KILLS + 1)) * fleet.messages.length)
    await until(() => publishing.acknowledged() > count, { withinMs: 60_000 })
    t.equal(await service.kill('SIGKILL'), 'SIGKILL', `kill ${kill}`)
    await service.start()
  }
  await publishing.finished
  await verifyFleet(t, engines, fleet, { services: [service] })
})

t.test('two instances share the subscription, one is killed', { timeout: 300_000 }, async (t) => {
  const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: 'pair-' }
  const fleet = createFaultFleet({
    seed: SEED + 2,
    vehicles: 50,
    messages: 20_000,
    unusableEvery: 400,
  })
  const folders = engineFolder(t, { one: {}, two: {}, stores: {} })
  const sharedEnv = {
    ...productionEnv(engines),
    ...(await startStores(t, join(folders, 'stores'))).env,
  }
  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const service = await createService(t, { ...sharedEnv, DATA_DIR: join(folders, name) })
      await service.start()
      return service
    }),
  )
  if (one === undefined || two === undefined) throw new Error('two services')
  const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 1000 })
  await until(() => publishing.acknowledged() > fleet.messages.length / 2, { withinMs: 60_000 })
  const handled = () => Promise.all([one, two].map(countStored))
  await until(async () => (await handled()).every((count) => count > 1000), {
    withinMs: 60_000,
    what: 'both take part',
  })
  await one.kill('SIGKILL')
  await publishing.finished
  // Nobody replaces it: the other one gets what the broker had given to it and goes on giving it,
  // when its lease has run out and the next look at what is left is due.
  await verifyFleet(t, engines, fleet, { services: [two], withinMs: 150_000 })
})
