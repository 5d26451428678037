import t from 'tap'
import {
  type EngineAnswer,
  EngineClient,
  type EngineRequest,
} from '../../src/adapters/fleet-index/opensearch/client.ts'
import { IndexNames } from '../../src/adapters/fleet-index/opensearch/index-names.ts'
import { OpenSearchReader } from '../../src/adapters/fleet-index/opensearch/query/reader.ts'
import { summarizeTelemetry, viewVehicle } from '../../src/domain/vehicle.ts'
import { EVERY_VEHICLE } from '../../src/ports/fleet-index.ts'
import {
  FIRST_PAGE,
  filtered,
  HERE,
  pagedVins,
  status,
  telemetry,
  vinOf,
  withStatus,
} from '../contracts/fleet-changes.ts'
import { type TestCluster, testCluster } from '../helpers/opensearch.ts'

// What only OpenSearch can get wrong; what every index must do is in test/contracts.

const MUNICH = { west: 11, south: 48, east: 12, north: 49 }

/** Counts searches. */
class CountingClient extends EngineClient {
  searches = 0

  override request<T>(request: EngineRequest): Promise<EngineAnswer<T>> {
    if (request.path.endsWith('/_search')) this.searches += 1
    return super.request(request)
  }
}

async function countingReader({ config }: TestCluster, changes = {}) {
  const client = new CountingClient({ ...config, ...changes })
  await client.open()
  t.teardown(() => client.close())
  return { client, reader: new OpenSearchReader(client, new IndexNames(config)) }
}

t.test('every query shows all that is known of a vehicle', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance()
  const document = {
    sendtimestamp: '2026-11-20T12:00:00.000Z',
    tripid: 'T1',
    odometer: { metres: 1.5, tripodometer: 2.5 },
    fuel: 3.5,
    fuelinfo: { currenttripconsumption: 4.5, tankcapacity: 5.5 },
    oiltemp: 6.5,
    geolocation: { ...HERE, speed: 7.5, heading: 8.5 },
    speed: { max: 9.5, average: 10.5 },
    ignitionstatus: 'run',
    __proto: 'harmless',
  }
  // A name that JSON knows and objects don't.
  const text = JSON.stringify(document).replace('"__proto"', '"__proto__"')
  const traits = { make: 'AMZ', model: 'X', modelYear: 2018, softwareVersions: ['1'] }
  const about = status(vinOf(1), { ...traits, troubleCodes: ['P1'], anomalies: ['OilTemp'] })
  const change = telemetry(vinOf(1), 0, { position: HERE, tripId: 'T1' })
  if (change.telemetry === undefined) throw new Error('no telemetry')
  const section = { ...change.telemetry, document: text }
  const report = await index.write([withStatus({ ...change, telemetry: section }, about)])
  t.equal(report.accepted, 1)
  await cluster.settle()
  const expected = viewVehicle(about, summarizeTelemetry(document), HERE)
  t.equal(Object.keys(expected.telemetry ?? {}).length, 13, 'this test knows every member')
  t.strictSame(await index.latestVehicle(vinOf(1)), expected)
  t.strictSame(await index.lookupVehicle([MUNICH]), expected)
  t.strictSame((await filtered(index, EVERY_VEHICLE)).views, [expected])
  const { vehicles } = await index.aggregateVehicles({
    ...{ filter: EVERY_VEHICLE, maxClusters: 1, page: FIRST_PAGE },
  })
  t.strictSame(vehicles.items, [expected])
})

t.test('two VINs with one hash are two vehicles, each where it is', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance()
  const places = [HERE, { longitude: 100, latitude: 10 }, { longitude: -100, latitude: 10 }]
  await index.write(
    places.map((position, number) =>
      withStatus(telemetry(vinOf(number), 0, { position }), status(vinOf(number))),
    ),
  )
  await cluster.settle()
  const same = { script: { source: 'ctx._source.fleetgrid.order = 5L' } }
  await cluster.ask('POST', `/${cluster.prefix}latest_telemetry/_update_by_query`, same)
  await cluster.settle()
  const { reader } = await countingReader(cluster)
  const { clusters, vehicles } = await reader.aggregateVehicles({
    ...{ filter: EVERY_VEHICLE, precision: 10, maxClusters: 10, page: { after: 0, limit: 1 } },
  })
  t.strictSame(
    clusters.map(({ x, vin }) => [x, vin]).sort(([a], [b]) => Number(a) - Number(b)),
    [
      [227, vinOf(2)],
      [544, vinOf(0)],
      [796, vinOf(1)],
    ],
  )
  t.equal(vehicles.items.length, 3, 'a page never parts what it could not go on after')
  t.equal(vehicles.next, undefined)
  t.strictSame((await pagedVins(index, EVERY_VEHICLE, 2)).sort(), [0, 1, 2].map(vinOf))
})

t.test('a map that is asked for again, or moved, costs one search', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance()
  const fleet = Array.from({ length: 1500 }, (_, number) => {
    const longitude = 11 + ((number * 37) % 1500) / 1500
    const latitude = 48 + ((number * 61) % 1499) / 1499
    return telemetry(vinOf(number), 0, { position: { longitude, latitude } })
  })
  await index.write(fleet)
  await cluster.settle()
  const { client, reader } = await countingReader(cluster)
  const ask = async (shift: number) => {
    const box = { ...MUNICH, west: MUNICH.west + shift, east: MUNICH.east + shift }
    const filter = { ...EVERY_VEHICLE, boundaries: [box] }
    client.searches = 0
    const query = { filter, precision: 20, maxClusters: 100, page: { after: 0, limit: 1 } }
    const { clusters } = await reader.aggregateVehicles(query)
    t.ok(clusters.length > 25, `${clusters.length} clusters`)
    t.ok(
      clusters.every(({ count }) => count > 1),
      'none is alone, whose VIN would be looked up',
    )
    return client.searches
  }
  t.ok((await ask(0)) <= 4)
  t.equal(await ask(0), 1)
  t.equal(await ask(0.01), 1)
})

t.test('facets and vehicles of a filter are of one moment, whatever comes between', async (t) => {
  const cluster = testCluster(t)
  const index = await cluster.instance()
  const fleet = (make: string, revision: number) =>
    Array.from({ length: 1200 }, (_, number) =>
      withStatus({ history: [] }, status(vinOf(number), { make, revision })),
    )
  await index.write(fleet('AMZ', 1))
  await cluster.settle()
  const { vehicles } = await index.filterVehicles({ ...EVERY_VEHICLE, makes: ['AMZ'] }, 10_000)
  const vins: string[] = []
  for await (const piece of vehicles) {
    if (vins.length === 0) {
      await index.write(fleet('DENSO', 2))
      await cluster.settle()
    }
    vins.push(...piece.map(({ vin }) => vin))
    t.ok(piece.every(({ make }) => make === 'AMZ'))
  }
  t.equal(vins.length, 1200)
  t.strictSame((await filtered(index, { ...EVERY_VEHICLE, makes: ['AMZ'] })).vins, [])
})

t.test('without the engine, or without its answer, queries say so', async (t) => {
  const cluster = testCluster(t)
  await cluster.instance()
  const away = await countingReader(cluster, { url: 'http://127.0.0.1:9' })
  const late = await countingReader(cluster, { requestTimeoutMs: 1 })
  const query = { filter: EVERY_VEHICLE, maxClusters: 1, page: FIRST_PAGE }
  for (const [{ reader }, message] of [
    [away, /OPENSEARCH_URL/],
    [late, /OPENSEARCH_REQUEST_TIMEOUT_MS/],
  ] as const) {
    const calls: Promise<unknown>[] = [
      reader.aggregateVehicles(query),
      reader.filterVehicles(EVERY_VEHICLE, 10),
      reader.lookupVehicle([MUNICH]),
      reader.latestVehicle(vinOf(1)),
      reader.trips({ vin: vinOf(1), page: FIRST_PAGE }),
      reader.troubleCodes(vinOf(1)),
      reader.route('T1'),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      t.match(outcome, { status: 'rejected', reason: { kind: 'unavailable', message } })
    }
  }
  await cluster.ask('DELETE', `/${cluster.prefix}latest_telemetry-*`)
  const { reader } = await countingReader(cluster)
  await t.rejects(reader.latestVehicle(vinOf(1)), /no index/)
  await t.rejects(reader.aggregateVehicles(query), /index_not_found/)
})
