import t, { type Test } from 'tap'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'
import {
  HERE,
  loadedRegistry,
  record,
  status,
  telemetry,
  vinOf,
  withStatus,
} from '../contracts/fleet-changes.ts'
import { engineUrl } from '../helpers/engines.ts'
import { testCluster } from '../helpers/opensearch.ts'
import { startOpenSearchProxy } from '../helpers/opensearch-proxy.ts'

const VIN = vinOf(1)

async function behindProxy(t: Test, changes = {}) {
  const proxy = await startOpenSearchProxy(engineUrl('opensearch'))
  t.teardown(() => proxy.close())
  const cluster = testCluster(t)
  const index = await cluster.instance({ url: proxy.url, ...changes })
  return { proxy, cluster, index }
}

/** What the batcher does: whatever is left for later is written again. */
async function writeUntilStored(index: FleetIndex, changes: readonly FleetChange[], triesMax = 20) {
  let left = changes
  let tries = 0
  let report: WriteReport
  do {
    report = await index.write(left)
    left = report.retry.flatMap((number) => left[number] ?? [])
    tries += 1
  } while (left.length > 0 && tries < triesMax)
  return { tries, left, report }
}

const fleetOf = (count: number, at: number) =>
  Array.from({ length: count }, (_, number) =>
    withStatus(
      telemetry(vinOf(number), at, { position: HERE, tripId: `trip ${number}` }),
      status(vinOf(number), { revision: at + 1, make: `make ${at}` }),
    ),
  )

t.test('items that are refused for now are left for later, the others are stored', async (t) => {
  const { proxy, cluster, index } = await behindProxy(t)
  for (const [at, status] of [429, 503, 502, 504, 500, 403].entries()) {
    const type = status === 403 ? 'cluster_block_exception' : 'busy'
    proxy.use(() => ({
      items: ({ id }) => (/5AZTEST0000[01][05]/.test(id) ? { status, type } : undefined),
    }))
    const report = await index.write(fleetOf(20, at))
    t.strictSame(report.retry, [0, 5, 10, 15], `${status}`)
    t.equal(report.accepted, 16)
    t.match(report.retryReason, /busy|block/)
    await t.rejects(index.check(), { kind: 'unavailable', message: /can't be written/ })
    proxy.use()
    const again = await writeUntilStored(index, fleetOf(20, at))
    t.strictSame(again.left, [])
    await index.check()
    for (const number of [0, 1, 15]) {
      t.equal((await index.latestVehicle(vinOf(number)))?.telemetry?.odometerKm, at)
    }
  }
  await cluster.settle()
  t.equal((await index.trips({ vin: VIN, page: { after: 0, limit: 10 } })).items.length, 0)
})

t.test(
  'each step may fail by itself: nothing is lost, nothing is accepted too early',
  async (t) => {
    const { proxy, cluster, index } = await behindProxy(t)
    const steps = [
      ['histories', /^\/_bulk/],
      ['latest_telemetry', /latest_telemetry.*_bulk/],
      ['shared_cardata', /shared_cardata.*_bulk/],
      ['devices', /devices.*_bulk/],
      ['devices read', /devices.*_mget/],
    ] as const
    const ways = [{ answer: 429 }, { answer: 503 }, { drop: 'before' }, { drop: 'after' }] as const
    let at = 0
    for (const [step, path] of steps) {
      for (const way of ways) {
        at += 1
        const change: FleetChange = {
          ...fleetOf(1, at)[0],
          history: telemetry(vinOf(0), at).history,
          devices: [{ deviceid: 'ecu', revision: at, attributes: {}, installations: {} }],
        }
        const name = `${step} ${JSON.stringify(way)}`
        proxy.use((request) => (path.test(request.path) ? way : undefined))
        const report = await index.write([change])
        t.strictSame([report.accepted, report.retry], [0, [0]], name)
        proxy.use()
        t.equal((await writeUntilStored(index, [change])).tries, 1, name)
        const view = await index.latestVehicle(vinOf(0))
        t.equal(view?.telemetry?.odometerKm, at, name)
        t.equal(view?.make, `make ${at}`, name)
        const id = vinOf(0)
        type Shared = { _source: { attributes: { make: string } } }
        const { _source } = await cluster.ask<Shared>(
          'GET',
          `/${cluster.prefix}shared_cardata/_doc/${id}`,
        )
        t.equal(_source.attributes.make, `make ${at}`, name)
      }
    }
    await cluster.settle()
    const { devices } = await loadedRegistry(index)
    t.strictSame(
      devices.map(({ revision }) => revision),
      [at],
    )
  },
)

t.test('without an answer in time a write is tried again, whatever has become of it', async (t) => {
  const { proxy, cluster, index } = await behindProxy(t, { requestTimeoutMs: 500 })
  for (const [at, hang] of (['before', 'after'] as const).entries()) {
    proxy.use(({ path }) => (path.endsWith('_bulk') ? { hang } : undefined))
    const report = await index.write(fleetOf(5, at))
    t.strictSame(report.retry, [0, 1, 2, 3, 4])
    t.match(report.retryReason, /took longer than 500 ms.*OPENSEARCH_REQUEST_TIMEOUT_MS/)
    proxy.use()
    const again = await writeUntilStored(index, fleetOf(5, at))
    t.strictSame(again.report.duplicates, hang === 'after' ? [0, 1, 2, 3, 4] : [])
    await cluster.settle()
    t.equal((await index.latestVehicle(vinOf(4)))?.telemetry?.odometerKm, at)
  }
  const { count } = await cluster.ask<{ count: number }>('GET', `/${cluster.prefix}cardata/_count`)
  t.equal(count, 10, 'each once')
})

t.test('a day whose shard is away does not hold up the others', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance({ requestTimeoutMs: 3000 })
  const away = `${cluster.prefix}trip-fleetgrid-2026.11.20`
  const settings = { number_of_replicas: 0, 'routing.allocation.include._name': 'nobody' }
  await cluster.ask('PUT', `/${away}?wait_for_active_shards=0`, { settings })
  const report = await index.write([record('trip', VIN, 0, 'a'), ...fleetOf(5, 1)])
  t.strictSame([report.accepted, report.retry, report.rejected], [5, [0], []])
  t.match(report.retryReason, /unavailable_shards|primary shard is not active/)
  await cluster.ask('PUT', `/${away}/_settings`, { 'index.routing.allocation.include._name': null })
  t.strictSame((await writeUntilStored(index, [record('trip', VIN, 0, 'a')])).left, [])
})

t.test('a bulk that is too large is split; what is too large alone is rejected', async (t) => {
  const { proxy, cluster, index } = await behindProxy(t)
  proxy.use(({ path, body }) =>
    path.endsWith('_bulk') && body.length > 20_000 ? { answer: 413 } : undefined,
  )
  const { report } = await writeUntilStored(index, fleetOf(300, 1))
  t.strictSame([report.accepted, report.rejected, report.retry], [300, [], []])
  const giant = telemetry(VIN, 2)
  const document = JSON.stringify({ filler: 'x'.repeat(30_000) })
  const history = giant.history.map((entry) => ({ ...entry, document }))
  const mixed = await index.write([...fleetOf(3, 3), { ...giant, history }, ...fleetOf(3, 4)])
  t.strictSame(
    mixed.rejected.map(({ index }) => index),
    [3],
  )
  t.match(mixed.rejected[0]?.reason, /413/)
  t.equal(mixed.accepted, 6)
  proxy.use()
  const bulks = proxy.count(/POST \/_bulk/)
  const small = await cluster.instance({ url: proxy.url, bulkSizeMaxBytes: 20_000 })
  await writeUntilStored(small, fleetOf(300, 5))
  t.ok(proxy.count(/POST \/_bulk/) - bulks >= 6, 'it splits by itself where it knows the limit')
})

t.test('what OpenSearch refuses for good is rejected with its reason, and only that', async (t) => {
  const { proxy, cluster, index } = await behindProxy(t)
  const isPoison = (text: string) => text.includes('poison')
  proxy.use(({ path, body }) => {
    // Some engines and proxies answer a bad line with a refusal of the whole request.
    return path.endsWith('_bulk') && isPoison(String(body)) ? { answer: 400 } : undefined
  })
  const poison = record('trip', VIN, 7, 'poison')
  const good = fleetOf(40, 1)
  const report = await index.write([...good.slice(0, 17), poison, ...good.slice(17)])
  t.strictSame(
    report.rejected.map(({ index }) => index),
    [17],
  )
  t.match(report.rejected[0]?.reason, /trip record.*told to by a test/)
  t.equal(report.accepted, 40)

  proxy.use(() => ({
    items: ({ document }) =>
      isPoison(document) ? { status: 400, type: 'mapper_parsing_exception' } : undefined,
  }))
  const both = telemetry(vinOf(50), 8, { tripId: 'half', position: HERE })
  const half = { ...both, history: [...both.history, ...poison.history] }
  const again = await index.write([half, ...fleetOf(3, 9)])
  t.match(again.rejected, [{ index: 0, reason: /mapper_parsing_exception/ }])
  t.equal(again.accepted, 3)
  await cluster.settle()
  t.equal(await index.route('half'), undefined, 'its other record is not there either')
  t.equal(await index.latestVehicle(vinOf(50)), undefined)
})

t.test('where every bulk is refused, nothing is taken for poison', async (t) => {
  const { proxy, index } = await behindProxy(t)
  proxy.use(({ path }) => (path.endsWith('_bulk') ? { answer: 400 } : undefined))
  const { rejected, retry } = await index.write(fleetOf(4, 1))
  t.strictSame([rejected, retry], [[], [0, 1, 2, 3]])
})

t.test('requests carry a password or a signature', async (t) => {
  const cluster = testCluster(t)
  const proxy = await startOpenSearchProxy(cluster.config.url)
  t.teardown(() => proxy.close())
  const seen = new Set<string>()
  proxy.use(({ headers }) => {
    seen.add(headers.authorization ?? 'none')
    return undefined
  })
  const index = await cluster.instance({ url: proxy.url, username: 'me', password: 'secret' })
  await index.write(fleetOf(2, 1))
  t.strictSame([...seen], [`Basic ${Buffer.from('me:secret').toString('base64')}`])
  seen.clear()
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
  const signed = await cluster.instance({ url: proxy.url, signingRegion: 'eu-central-1' })
  t.equal((await signed.write(fleetOf(2, 2))).accepted, 2)
  for (const value of seen) t.match(value, /^AWS4-HMAC-SHA256 .*\/eu-central-1\/es\/aws4_request/)
  proxy.use(() => ({ answer: 403, body: { error: 'no', status: 403 } }))
  const refused = await cluster.instance({ url: proxy.url }).catch((error: unknown) => error)
  t.match(refused, { kind: 'unavailable', message: /403.*OPENSEARCH_USERNAME/ })
})

t.test('indices that vanish are made again', async (t) => {
  const { cluster, index } = await behindProxy(t)
  await writeUntilStored(index, fleetOf(3, 1))
  await cluster.ask('DELETE', `/${cluster.prefix}*-0*`)
  await cluster.ask('DELETE', `/${cluster.prefix}cardata-fleetgrid-*`)
  await t.rejects(index.check(), { kind: 'unavailable', message: /lost one of the aliases/ })
  const { left } = await writeUntilStored(index, fleetOf(3, 2))
  t.strictSame(left, [])
  await index.check()
  await cluster.settle()
  t.equal((await index.latestVehicle(vinOf(2)))?.telemetry?.odometerKm, 2)
  t.equal((await index.route('trip 1'))?.length, 1)
  const aliases = await cluster.ask<Record<string, { aliases: object }>>(
    'GET',
    `/${cluster.prefix}*/_alias`,
  )
  for (const [name, about] of Object.entries(aliases)) {
    t.ok(Object.keys(about.aliases).length > 0, `${name} has its alias`)
  }
})
