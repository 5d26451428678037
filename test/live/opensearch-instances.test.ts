import fc from 'fast-check'
import t from 'tap'
import { MAPPING_VERSION } from '../../src/adapters/fleet-index/opensearch/mappings.ts'
import { patchDevice } from '../../src/domain/device-merge.ts'
import { joinDevices, joinStatuses } from '../../src/domain/join-statuses.ts'
import { emptyStatus, type VehicleStatus } from '../../src/domain/vehicle.ts'
import { reportTroubleCode } from '../../src/domain/vehicle-merge.ts'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import {
  HERE,
  loadedRegistry,
  START,
  stamp,
  status,
  telemetry,
  vinOf,
  withStatus,
} from '../contracts/fleet-changes.ts'
import { SEED } from '../contracts/fleet-index-writes.ts'
import { testCluster } from '../helpers/opensearch.ts'
import { startOpenSearchProxy } from '../helpers/opensearch-proxy.ts'
import { createRandom } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'

// Several processes on the same indices.

const VIN = vinOf(1)

t.test('five instances may create everything at once', async (t) => {
  const cluster = testCluster(t)
  const indices = await Promise.all([1, 2, 3, 4, 5].map(() => cluster.instance()))
  const reports = await Promise.all(
    indices.map((index, at) => index.write([telemetry(VIN, at, { position: HERE })])),
  )
  for (const { accepted } of reports) t.equal(accepted, 1)
  for (const index of indices) {
    await index.check()
    t.equal((await index.latestVehicle(VIN))?.telemetry?.odometerKm, 4)
  }
  const names = await cluster.ask<object>('GET', `/${cluster.prefix}latest_telemetry*`)
  t.strictSame(Object.keys(names), [`${cluster.prefix}latest_telemetry-fleetgrid-000001`])
})

t.test('two instances end as one that has got all messages in order', async (t) => {
  t.comment(`seed ${SEED}`)
  const cluster = testCluster(t)
  const [one, two] = await Promise.all([cluster.instance(), cluster.instance()])
  const vehicle = fc.integer({ min: 0, max: 3 })
  const message = fc.record({
    vehicle,
    at: fc.integer({ min: 1, max: 500 }),
    code: fc.option(fc.constantFrom('P1', 'P2', 'P3'), { nil: undefined }),
    isFirst: fc.boolean(),
  })
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 10, maxLength: 60 }), async (messages) => {
      runs += 1
      const base = runs * 10
      const streams = [one, two].map((index, side) => ({
        index,
        // Each instance has its own registry: it knows only of the messages that it got itself.
        changes: changesOf(
          messages.filter(({ isFirst }) => isFirst === (side === 0)),
          base,
        ),
      }))
      await Promise.all(
        streams.map(async ({ index, changes }) => {
          for (let from = 0; from < changes.length; from += 3) {
            const report = await index.write(changes.slice(from, from + 3))
            t.strictSame([report.rejected, report.retry], [[], []])
          }
        }),
      )
      const expected = new Map<string, { at: number; codes: string[] }>()
      for (const { vehicle, at, code } of messages) {
        const vin = vinOf(base + vehicle)
        const known = expected.get(vin) ?? { at: 0, codes: [] }
        const codes = code === undefined ? known.codes : [...known.codes, code]
        expected.set(vin, { at: Math.max(known.at, at), codes })
      }
      for (const [vin, { at, codes }] of expected) {
        const view = await one.latestVehicle(vin)
        t.equal(view?.telemetry?.odometerKm, at)
        t.strictSame(view?.troubleCodes, [...new Set(codes)].sort())
        t.strictSame(view?.position, { longitude: at / 10, latitude: 1 })
      }
      if (!t.passing()) throw new Error('these messages end differently')
    }),
    { seed: SEED, numRuns: 15 },
  )
})

interface Message {
  readonly vehicle: number
  readonly at: number
  readonly code: string | undefined
}

function changesOf(messages: readonly Message[], base: number): FleetChange[] {
  const statuses = new Map<string, VehicleStatus>()
  return messages.map(({ vehicle, at, code }) => {
    const vin = vinOf(base + vehicle)
    const known = statuses.get(vin) ?? emptyStatus(vin)
    const status =
      code === undefined ? known : reportTroubleCode(known, code, true, stamp(at, `c-${code}`))
    statuses.set(vin, status)
    const change = telemetry(vin, at, { position: { longitude: at / 10, latitude: 1 } })
    return status.revision === 0 ? change : withStatus(change, status)
  })
}

t.test('an instance learns what others change, also what it has joined itself', async (t) => {
  const cluster = testCluster(t)
  const [one, two] = await Promise.all([cluster.instance(), cluster.instance()])
  const empty = { vehicles: [], devices: [] }
  const mine = reportTroubleCode(emptyStatus(VIN), 'P1', true, stamp(1, 'a'))
  const theirs = reportTroubleCode(emptyStatus(VIN), 'P2', true, stamp(2, 'b'))
  const device = (attributes: Record<string, number>, id: string) =>
    patchDevice(
      { deviceid: 'ecu', revision: 0, attributes: {}, installations: {} },
      { attributes },
      stamp(1, id),
    )
  const [myDevice, theirDevice] = [device({ a: 1 }, 'a'), device({ b: 2 }, 'b')]
  await one.write([{ ...withStatus(telemetry(VIN, 5), mine), devices: [myDevice] }])
  await two.write([{ history: [], statuses: [theirs], devices: [theirDevice] }])
  await cluster.settle()
  const both = joinStatuses(mine, theirs)
  for (const index of [one, two]) {
    const news = await index.readChanges()
    t.strictSame(
      news.vehicles.map(({ status }) => status),
      [both],
    )
    t.strictSame(news.vehicles[0]?.view.telemetry?.odometerKm, 5)
    t.strictSame(news.devices, [joinDevices(myDevice, theirDevice)])
    t.strictSame(await index.readChanges(), empty, 'once')
  }
  await one.write([withStatus({ history: [] }, { ...both, revision: both.revision + 1 })])
  await cluster.settle()
  t.strictSame(await one.readChanges(), empty)
  t.equal((await two.readChanges()).vehicles[0]?.status.revision, both.revision + 1)
})

t.test('what was told is not fetched again', async (t) => {
  const cluster = testCluster(t)
  const proxy = await startOpenSearchProxy(cluster.config.url)
  t.teardown(() => proxy.close())
  const one = await cluster.instance()
  const two = await cluster.instance({ url: proxy.url })
  const asked = () => proxy.count(/_search$/)
  await one.write([1, 2, 3].map((number) => withStatus({ history: [] }, status(vinOf(number)))))
  await cluster.settle()
  t.equal((await two.readChanges()).vehicles.length, 3)
  const before = asked()
  for (let pass = 0; pass < 3; pass += 1) {
    t.strictSame(await two.readChanges(), { vehicles: [], devices: [] })
  }
  t.equal(asked() - before, 6, 'vehicles and devices, what has changed and nothing more')
  await one.write([withStatus({ history: [] }, status(vinOf(2), { revision: 2 }))])
  await cluster.settle()
  const { vehicles } = await two.readChanges()
  t.strictSame(
    vehicles.map(({ status }) => [status.vin, status.revision]),
    [[vinOf(2), 2]],
  )
  proxy.use(({ body }) => (body.includes('"ids"') ? { answer: 503 } : undefined))
  await one.write([withStatus({ history: [] }, status(vinOf(3), { revision: 2 }))])
  await cluster.settle()
  await t.rejects(two.readChanges(), { message: /503/ })
  proxy.use()
  t.equal((await two.readChanges()).vehicles[0]?.status.vin, vinOf(3), 'told by the next call')
})

t.test('many changes are told in pieces, each once', async (t) => {
  const cluster = testCluster(t)
  const [one, two] = await Promise.all([cluster.instance(), cluster.instance()])
  const statuses = Array.from({ length: 12_500 }, (_, number) => status(vinOf(number)))
  await one.write([{ history: [], statuses }])
  await cluster.settle()
  const told: string[] = []
  for (let call = 0; call < 4; call += 1) {
    const { vehicles } = await two.readChanges()
    t.ok(vehicles.length <= 10_000)
    told.push(...vehicles.map(({ status }) => status.vin))
  }
  t.equal(told.length, statuses.length)
  t.equal(new Set(told).size, statuses.length)
})

t.test('a projection that a crash has kept back is made up for at start', async (t) => {
  const cluster = testCluster(t)
  const proxy = await startOpenSearchProxy(cluster.config.url)
  t.teardown(() => proxy.close())
  const one = await cluster.instance({ url: proxy.url })
  const changed = (number: number, revision: number) =>
    withStatus({ history: [] }, status(vinOf(number), { make: `make ${revision}`, revision }))
  await one.write([changed(1, 1), changed(3, 1)])
  proxy.use(({ path }) => (path.includes('shared_cardata') ? { answer: 503 } : undefined))
  const { retry } = await one.write([changed(1, 2), changed(2, 2)])
  t.strictSame(retry, [0, 1], 'and then it dies')
  const makeOf = async (number: number) => {
    const path = `/${cluster.prefix}shared_cardata/_source/${vinOf(number)}`
    return (await cluster.ask<{ attributes: { make: string } }>('GET', path)).attributes.make
  }
  t.equal(await makeOf(1), 'make 1')
  await loadedRegistry(await cluster.instance())
  t.strictSame([await makeOf(1), await makeOf(2), await makeOf(3)], ['make 2', 'make 2', 'make 1'])
})

t.test('a start goes on past what is refused: for now, or for good', async (t) => {
  const cluster = testCluster(t)
  const proxy = await startOpenSearchProxy(cluster.config.url)
  t.teardown(() => proxy.close())
  const one = await cluster.instance({ url: proxy.url })
  const changes = [1, 2, 3].map((number) => withStatus({ history: [] }, status(vinOf(number))))
  proxy.use(({ path }) => (path.includes('shared_cardata') ? { answer: 503 } : undefined))
  t.equal((await one.write(changes)).retry.length, 3)
  proxy.use()
  const reasons: string[] = []
  const options = { onLeftBehind: (reason: string) => reasons.push(reason) }
  const two = await cluster.instance({ url: proxy.url }, options)
  const seen = new Set<string>()
  proxy.use(({ path }) => {
    const isFirst = !seen.has(path)
    seen.add(path)
    if (isFirst && /_search|_mget|point_in_time/.test(path)) return { answer: 429 }
    if (!path.includes('shared_cardata') || !path.endsWith('_bulk')) return undefined
    const refusals: Record<string, number> = { [vinOf(1)]: 400, [vinOf(2)]: 503 }
    return {
      items({ id }) {
        const refused = refusals[id]
        return refused === undefined ? undefined : { status: refused, type: 'told_to_by_a_test' }
      },
    }
  })
  t.equal((await loadedRegistry(two)).vehicles.length, 3)
  t.equal(reasons.length, 1)
  t.match(reasons[0], /shared_cardata.*stays behind for 2 vehicles: .*told_to_by_a_test/)
  const path = `/${cluster.prefix}shared_cardata/_source/${vinOf(3)}`
  t.match(await cluster.ask('GET', path), { vin: vinOf(3) })
})

t.test('a new mapping comes by copying behind the alias while others write', async (t) => {
  const cluster = testCluster(t)
  const random = createRandom(SEED)
  const [one, two] = await Promise.all([cluster.instance(), cluster.instance()])
  const filled = Array.from({ length: 3000 }, (_, number) =>
    withStatus(telemetry(vinOf(number), 0, { position: HERE }), status(vinOf(number))),
  )
  await storeAll(one, filled)
  await storeAll(one, [
    { history: [], devices: [{ deviceid: 'ecu', revision: 1, attributes: {}, installations: {} }] },
  ])
  const newest = new Map<string, number>()
  let isOver = false
  let writes = 0
  const writers = [one, two].map(async (index, side) => {
    while (!isOver) {
      const changes = Array.from({ length: 50 }, () => {
        const number = Math.floor(random() * 3000)
        const at = 1 + Math.floor(random() * 1_000_000)
        newest.set(vinOf(number), Math.max(at, newest.get(vinOf(number)) ?? 0))
        return telemetry(vinOf(number), at, { id: `${side}-${at}`, position: HERE })
      })
      await storeAll(index, changes)
      writes += 1
    }
  })
  await until(() => writes > 4)
  const mappingVersion = MAPPING_VERSION + 1
  const upgraders = await Promise.all([1, 2, 3].map(() => cluster.instance({}, { mappingVersion })))
  const before = writes
  await until(() => writes > before + 4)
  isOver = true
  await Promise.all(writers)
  await cluster.settle()
  const names = await cluster.ask<object>(
    'GET',
    `/${cluster.prefix}latest_telemetry,${cluster.prefix}devices,${cluster.prefix}shared_cardata`,
  )
  for (const name of Object.keys(names)) t.match(name, /-000002$/)
  const [third] = upgraders
  if (third === undefined) throw new Error('no instance')
  const { vehicles, devices } = await loadedRegistry(third)
  t.equal(vehicles.length, 3000)
  t.equal(devices.length, 1)
  for (const { status, telemetryStamp } of vehicles) {
    t.equal((telemetryStamp?.at ?? 0) - START, newest.get(status.vin) ?? 0)
    if (!t.passing()) break
  }
  await t.rejects(cluster.instance(), { message: /newer Fleetgrid.*OPENSEARCH_INDEX_PREFIX/ })
})

/** As the batcher: what is left for later is written again. */
async function storeAll(index: FleetIndex, changes: readonly FleetChange[]): Promise<void> {
  let left = changes
  await until(async () => {
    const report = await index.write(left)
    if (report.rejected.length > 0) throw new Error(JSON.stringify(report.rejected[0]))
    left = report.retry.flatMap((number) => left[number] ?? [])
    return left.length === 0
  })
}

t.test('an engine that is not there, or not for us, says what to do', async (t) => {
  const cluster = testCluster(t)
  const reasons: string[] = []
  const options = { openTimeoutMs: 1500, onWaiting: (reason: string) => reasons.push(reason) }
  const nobody = cluster.instance({ url: 'http://127.0.0.1:9' }, options)
  await t.rejects(nobody, { kind: 'unavailable', message: /127\.0\.0\.1:9.*OPENSEARCH_URL/ })
  t.ok(reasons.length >= 1)
  await t.rejects(cluster.instance({ caFile: '/nowhere/ca.pem' }), {
    message: /OPENSEARCH_CA_FILE \/nowhere\/ca\.pem/,
  })
})
