import { join } from 'node:path'
import t from 'tap'
import { startMosquitto } from '../engines/mosquitto.ts'
import { startOpenSearch } from '../engines/opensearch.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { createFaultFleet, publishAll } from '../helpers/fault-fleet.ts'
import { startOpenSearchProxy } from '../helpers/opensearch-proxy.ts'
import { productionEnv, verifyFleet } from '../helpers/production.ts'
import { startRestartable } from '../helpers/restartable.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// The fleet index fails in mid-run; vehicles go on sending. Every message is counted.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const REFUSED = { status: 400, type: 'mapper_parsing_exception', reason: 'poison' }

t.comment(`seed ${SEED}`)
const folder = engineFolder(t)
const opensearch = await startRestartable(t, (port) =>
  startOpenSearch({ folder: join(folder, 'opensearch'), port }),
)
const broker = await startRestartable(t, (port) =>
  startMosquitto({ folder: join(folder, 'mosquitto'), port }),
)

t.test('OpenSearch is killed and away for 60 s', { timeout: 300_000 }, async (t) => {
  const engines = { opensearchUrl: opensearch.url, brokerUrl: broker.url, prefix: 'away-' }
  const fleet = createFaultFleet({
    seed: SEED,
    vehicles: 200,
    messages: 40_000,
    unusableEvery: 500,
  })
  const service = await createService(t, { ...productionEnv(engines), DATA_DIR: engineFolder(t) })
  await service.start()
  const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 600 })
  await until(() => publishing.acknowledged() > 6000, { withinMs: 60_000 })
  await opensearch.kill()
  const killedAt = Date.now()
  await until(async () => (await fetch(`${service.httpUrl}/ready`)).status === 503, {
    what: '/ready says that the index is away',
  })
  t.equal((await fetch(`${service.httpUrl}/live`)).status, 200, 'and the process lives')
  await until(() => Date.now() - killedAt > 60_000, { withinMs: 70_000 })
  await opensearch.start()
  await publishing.finished
  await verifyFleet(t, engines, fleet, { services: [service], withinMs: 120_000 })
  t.equal(await service.kill('SIGTERM'), 0)
})

t.test('every bulk is answered 429 for 30 s', { timeout: 200_000 }, async (t) => {
  const proxy = await startOpenSearchProxy(opensearch.url)
  t.after(() => proxy.close())
  const engines = { opensearchUrl: proxy.url, brokerUrl: broker.url, prefix: 'busy-' }
  const fleet = createFaultFleet({ seed: SEED + 1, vehicles: 100, messages: 20_000 })
  const service = await createService(t, { ...productionEnv(engines), DATA_DIR: engineFolder(t) })
  await service.start()
  const publishing = await publishAll(t, broker.url, fleet.messages, { perSecond: 600 })
  await until(() => publishing.acknowledged() > 2000, { withinMs: 60_000 })
  let refused = 0
  proxy.use(({ path }) => {
    if (!path.endsWith('/_bulk')) return undefined
    refused += 1
    return { answer: 429 }
  })
  const busySince = Date.now()
  await until(() => Date.now() - busySince > 30_000, { withinMs: 40_000 })
  t.ok(refused > 5, `tried again: ${refused} times`)
  t.ok(refused < 300, 'and backed off')
  proxy.use()
  await publishing.finished
  await verifyFleet(t, engines, fleet, { services: [service] })
})

t.test('one poison document in each of 1,000 bulks', { timeout: 300_000 }, async (t) => {
  const proxy = await startOpenSearchProxy(opensearch.url)
  t.after(() => proxy.close())
  const engines = { opensearchUrl: proxy.url, brokerUrl: broker.url, prefix: 'poison-' }
  const poison = { every: 11, members: { Comment: 'poison' } }
  const fleet = createFaultFleet({ seed: SEED + 2, vehicles: 100, messages: 18_000, poison })
  const service = await createService(t, {
    ...productionEnv(engines),
    DATA_DIR: engineFolder(t),
    WRITE_BATCH_MAX: '10',
  })
  await service.start()
  let poisoned = 0
  proxy.use(({ path, body }) => {
    if (!path.endsWith('/_bulk') || !body.includes('"poison"')) return undefined
    poisoned += 1
    return { items: ({ document }) => (document.includes('"poison"') ? REFUSED : undefined) }
  })
  const publishing = await publishAll(t, broker.url, fleet.messages)
  await publishing.finished
  await verifyFleet(t, engines, fleet, { services: [service], withinMs: 150_000 })
  // Each is tried once more without what may be unfit in it.
  t.ok(poisoned >= 2000, `${poisoned / 2} bulks had poison`)
})
