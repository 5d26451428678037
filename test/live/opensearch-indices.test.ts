import t, { type Test } from 'tap'
import {
  currentMapping,
  MAPPING_VERSION,
} from '../../src/adapters/fleet-index/opensearch/mappings.ts'
import {
  HERE,
  loadedRegistry,
  record,
  START,
  status,
  telemetry,
  vinOf,
  withStatus,
} from '../contracts/fleet-changes.ts'
import { engineUrl } from '../helpers/engines.ts'
import { type TestCluster, testCluster } from '../helpers/opensearch.ts'
import { startOpenSearchProxy } from '../helpers/opensearch-proxy.ts'
import { until } from '../helpers/until.ts'

// The indices themselves: their names, their shards, upgrades that fail, what a restore leaves.

const DAY_MS = 86_400_000
const VIN = vinOf(1)
const LATER = { mappingVersion: MAPPING_VERSION + 1 }

type Aliases = Record<string, { aliases: Record<string, unknown> }>

async function indexNames({ ask, prefix }: TestCluster): Promise<string[]> {
  return Object.keys(await ask<Aliases>('GET', `/${prefix}*/_alias`)).map((name) =>
    name.slice(prefix.length),
  )
}

async function isBlocked({ ask, prefix }: TestCluster, index: string): Promise<boolean> {
  const settings = await ask<object>('GET', `/${prefix}${index}/_settings/index.blocks*`)
  return JSON.stringify(settings).includes('"write":"true"')
}

t.test('a message of a clock that is ahead is stored once, also when it comes later', async (t) => {
  const cluster = testCluster(t)
  let now = START
  const index = await cluster.instance({}, { now: () => now })
  const ahead = [1, 7, 29].map((days) => record('event', VIN, days * DAY_MS + 5000, `${days}`))
  t.strictSame((await index.write(ahead)).duplicates, [])
  now += 30_000
  t.strictSame((await index.write(ahead)).duplicates, [0, 1, 2])
  await cluster.settle()
  t.equal((await index.events({ vin: VIN, page: { after: 0, limit: 10 } })).items.length, 3)
})

t.test('indices of others with names like the original are left alone', async (t) => {
  const cluster = testCluster(t)
  const { prefix, ask } = cluster
  const index = await cluster.instance()
  await index.write([record('event', VIN, -40 * DAY_MS, 'old'), record('event', VIN, 0, 'new')])
  const foreign = `${prefix}event-2026.09.01`
  await ask('PUT', `/${foreign}`)
  t.strictSame(await ask('GET', `/${foreign}/_alias`), { [foreign]: { aliases: {} } })
  await ask('PUT', `/${foreign}/_alias/${prefix}event`)
  t.equal(await index.dropHistory(START), 1)
  t.ok((await indexNames(cluster)).includes('event-2026.09.01'))
  const inside = await cluster.instance({ indexPrefix: `${prefix}event-` })
  t.equal((await inside.write([record('event', VIN, 0, 'other')])).accepted, 1)
})

t.test('shards are for what is large', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance({ shards: 3 })
  await index.write([
    withStatus(telemetry(VIN, 0), status(VIN)),
    ...(['trip', 'event', 'dtc'] as const).map((kind) => record(kind, VIN, 0, kind)),
  ])
  type Settings = Record<string, { settings: { index: { number_of_shards: string } } }>
  const path = `/${cluster.prefix}*/_settings/index.number_of_shards`
  const shards = Object.entries(await cluster.ask<Settings>('GET', path)).map(
    ([name, { settings }]) => [
      name.slice(cluster.prefix.length).split('-')[0],
      settings.index.number_of_shards,
    ],
  )
  t.strictSame(Object.fromEntries(shards), {
    ...{ cardata: '3', latest_telemetry: '3', shared_cardata: '3', devices: '3' },
    ...{ trip: '1', event: '1', dtc: '1' },
  })
})

t.test('histories name no interval of refreshes, so that OpenSearch saves them', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance({ refreshIntervalMs: 500 })
  await index.write([withStatus(telemetry(VIN, 0), status(VIN)), record('event', VIN, 0, 'first')])
  const intervals = await refreshIntervals(cluster)
  t.equal(intervals['latest_telemetry'], '500ms')
  t.equal(intervals['event'], undefined)
  // By default half a minute without a search.
  const idle = { 'index.search.idle.after': '0s' }
  await cluster.ask('PUT', `/${cluster.prefix}event/_settings`, idle)
  await index.write([record('event', VIN, 1, 'second')])
  const query = { vin: VIN, page: { after: 0, limit: 10 } }
  await until(async () => (await index.events(query)).items.length === 2)
})

t.test('an interval longer than OpenSearch’s own holds for histories too', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance({ refreshIntervalMs: 20_000 })
  await index.write([withStatus(telemetry(VIN, 0), status(VIN)), record('event', VIN, 0, 'one')])
  const { event, latest_telemetry } = await refreshIntervals(cluster)
  t.strictSame([event, latest_telemetry], ['20000ms', '20000ms'])
})

async function refreshIntervals({ ask, prefix }: TestCluster) {
  type Settings = Record<string, { settings: { index?: { refresh_interval?: string } } }>
  const path = `/${prefix}*/_settings/index.refresh_interval`
  const entries = Object.entries(await ask<Settings>('GET', path)).map(([name, { settings }]) => [
    name.slice(prefix.length).split('-')[0],
    settings.index?.refresh_interval,
  ])
  return Object.fromEntries(entries) as Record<string, string | undefined>
}

t.test('a mapping upgrade that fails leaves everything as it was', async (t) => {
  const cluster = testCluster(t)
  const { proxy, index } = await filled(t, cluster)
  const faults = [
    [/^\/_reindex/, { answer: 500 }],
    [/^\/_tasks/, { answer: 400 }],
    [/^\/_aliases/, { answer: 400 }],
  ] as const
  for (const [path, fault] of faults) {
    let times = 0
    // Once: what follows is the way back.
    proxy.use((request) => (path.test(request.path) && times++ === 0 ? fault : undefined))
    const options = { ...LATER, openTimeoutMs: 0 }
    await t.rejects(cluster.instance({ url: proxy.url }, options), /OpenSearch|Copying/)
    t.equal(times > 0, true, `${path}`)
    proxy.use()
    t.notOk((await indexNames(cluster)).some((name) => name.endsWith('-000002')))
    t.notOk(await isBlocked(cluster, 'latest_telemetry'))
    t.equal((await index.write([telemetry(VIN, times, { position: HERE })])).retry.length, 0)
  }
  await cluster.instance()
  const next = await cluster.instance({}, LATER)
  t.equal((await loadedRegistry(next)).vehicles.length, 50)
  t.ok((await indexNames(cluster)).includes('latest_telemetry-fleetgrid-000002'))
  const aliases = await cluster.ask<Aliases>('GET', `/${cluster.prefix}latest_telemetry/_alias`)
  for (const about of Object.values(aliases)) t.equal(Object.keys(about.aliases).length, 2)
})

t.test('an upgrade that was left half-way is ended by the version before', async (t) => {
  const cluster = testCluster(t)
  const { index } = await filled(t, cluster)
  const { prefix, ask } = cluster
  const old = `${prefix}latest_telemetry-fleetgrid-000001`
  const next = `${prefix}latest_telemetry-fleetgrid-000002`
  const mappings = { dynamic: false, _meta: { version: LATER.mappingVersion } }
  await ask('PUT', `/${next}`, { mappings, aliases: { [`${next}-copy-dead`]: {} } })
  await ask('PUT', `/${old}/_block/write`)
  t.strictSame((await index.write([telemetry(VIN, 1)])).retry, [0])
  const later = await cluster.instance()
  t.notOk((await indexNames(cluster)).some((name) => name.endsWith('-000002')))
  for (const one of [index, later]) t.equal((await one.write([telemetry(VIN, 1)])).accepted, 1)
})

t.test('an upgrade whose instance has died is finished by another', async (t) => {
  const cluster = testCluster(t)
  await filled(t, cluster)
  const { prefix, ask } = cluster
  const old = `${prefix}latest_telemetry-fleetgrid-000001`
  const next = `${prefix}latest_telemetry-fleetgrid-000002`
  const claim = `${next}-copy-dead`
  const mappings = currentMapping('latest_telemetry', LATER.mappingVersion)
  await ask('PUT', `/${next}`, { mappings, aliases: { [claim]: {} } })
  await ask('PUT', `/${old}/_block/write`)
  const source = { index: old }
  await ask('POST', '/_reindex', { max_docs: 20, source, dest: { index: claim } })
  const [one, two] = await Promise.all([cluster.instance({}, LATER), cluster.instance({}, LATER)])
  t.equal((await loadedRegistry(one)).vehicles.length, 50)
  t.equal((await two.write([telemetry(VIN, 9)])).accepted, 1)
})

t.test('an index that was restored under another name takes writes again', async (t) => {
  const cluster = testCluster(t)
  const { index } = await filled(t, cluster)
  const { prefix, ask } = cluster
  const original = `${prefix}latest_telemetry-fleetgrid-000001`
  const restored = `${prefix}restored`
  await ask('PUT', `/${original}/_block/write`)
  await ask('POST', `/${original}/_clone/${restored}`, {
    settings: { 'index.blocks.write': null },
  })
  const alias = `${prefix}latest_telemetry`
  await ask('POST', '/_aliases', {
    actions: [{ remove_index: { index: original } }, { add: { index: restored, alias } }],
  })
  await index.write([telemetry(VIN, 1)])
  t.equal((await index.write([telemetry(VIN, 1)])).accepted, 1, 'a process that runs finds out')
  await ask('POST', '/_aliases', {
    actions: [{ remove: { index: restored, alias: `${restored}-write` } }],
  })
  const next = await cluster.instance()
  t.equal((await next.write([telemetry(VIN, 2)])).accepted, 1, 'and one that starts')
  const upgraded = await cluster.instance({}, LATER)
  t.equal((await loadedRegistry(upgraded)).vehicles.length, 50)
})

async function filled(t: Test, cluster: TestCluster) {
  const proxy = await startOpenSearchProxy(engineUrl('opensearch'))
  t.teardown(() => proxy.close())
  const index = await cluster.instance()
  const vehicles = Array.from({ length: 50 }, (_, number) =>
    withStatus(telemetry(vinOf(number), 0), status(vinOf(number))),
  )
  t.equal((await index.write(vehicles)).accepted, 50)
  return { proxy, index }
}
