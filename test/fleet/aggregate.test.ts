import t from 'tap'
import { startTestApp } from '../helpers/app.ts'
import { type TestVehicle, THEN, vehicleChange } from '../helpers/vehicles.ts'

interface Found {
  vehicleCount: number
  vehicles: { vin: string; telemetry: Record<string, number> }[]
  clusters: {
    coordinates: [number, number]
    properties: { bbox: number[]; key: string; count: number; vin?: string }
  }[]
  filters: Record<'anomalies' | 'troubleCodes', { id: string; count: number }[]>
  offset: number | null
}

const number = (index: number) => `VIN-${String(index).padStart(4, '0')}`
const sum = ({ clusters }: Found) =>
  clusters.reduce((total, { properties }) => total + properties.count, 0)

t.test('defect 12: overlapping boxes count a vehicle once, in clusters too', async (t) => {
  const { write, ask } = await startTestApp(t)
  const vehicles = Array.from({ length: 20 }, (_, index) =>
    vehicleChange({ vin: number(index), position: [index, 10] }),
  )
  await write(...vehicles)
  const boundaries = [
    [0, 0, 12, 20],
    [8, 5, 30, 15],
    [8, 5, 30, 15],
  ]
  const found: Found = (
    await ask('/vehicles/aggregate', { filters: { boundaries }, clusters: { zoom: 3 } })
  ).json()
  t.equal(found.vehicleCount, 20)
  t.equal(sum(found), 20)
  t.equal(
    new Set(found.clusters.map(({ properties }) => properties.key)).size,
    found.clusters.length,
  )
})

t.test('defect 12: a box across 180° is cropped on both sides', async (t) => {
  const { write, ask } = await startTestApp(t)
  const positions: [number, number][] = [
    [179.5, 0],
    [-179.5, 0],
    [170, 0],
    [0, 0],
  ]
  await write(
    ...positions.map((position, index) => vehicleChange({ vin: number(index), position })),
  )
  for (const box of [
    [179, -1, -179, 1],
    [179, -1, 181, 1],
    [-181, -1, -179, 1],
  ]) {
    const found: Found = (
      await ask('/vehicles/aggregate', { filters: { boundaries: [box] }, clusters: { zoom: 0 } })
    ).json()
    t.equal(found.vehicleCount, 2, String(box))
    t.equal(sum(found), 2)
    for (const { coordinates, properties } of found.clusters) {
      const [west = 0, south = 0, east = 0, north = 0] = properties.bbox
      t.ok(Math.abs(coordinates[0]) >= 179, 'the circle is in the box')
      t.ok(west <= east && south <= north && east - west <= 3, 'and so is its tile')
    }
  }
})

t.test('a cluster is cropped to the envelope of its parts in the boxes', async (t) => {
  const { write, ask } = await startTestApp(t)
  await write(vehicleChange({ vin: number(1), position: [0.2, 0.2] }))
  const boundaries = [
    [0.1, 0.1, 0.3, 0.3],
    [0.5, 0.5, 0.6, 50],
  ]
  const found: Found = (
    await ask('/vehicles/aggregate', { filters: { boundaries }, clusters: { zoom: 0 } })
  ).json()
  t.match(found.clusters, [
    { properties: { bbox: [0.1, 0.1, 0.6, Number], count: 1, vin: number(1) } },
  ])
  t.ok((found.clusters[0]?.properties.bbox[3] ?? 99) < 3, 'cropped to the tile too')
})

t.test('facets are complete, not the ten most frequent codes', async (t) => {
  const { write, ask } = await startTestApp(t)
  const codes = Array.from({ length: 25 }, (_, index) => `P${1000 + index}`)
  await write(
    ...codes.map((_, index) =>
      vehicleChange({
        vin: number(index),
        position: [1, 1],
        troubleCodes: codes.slice(0, index + 1),
        anomalies: index < 2 ? ['OilTemp'] : [],
      }),
    ),
  )
  const expected = codes.map((id, index) => ({ id, count: 25 - index }))
  for (const path of ['/vehicles/aggregate', '/vehicles/filter']) {
    const { filters }: Found = (await ask(path, {})).json()
    t.strictSame(filters.troubleCodes, expected)
    t.strictSame(filters.anomalies, [{ id: 'OilTemp', count: 2 }])
  }
})

t.test('defect 13: paging neither skips nor repeats a vehicle while vehicles move', async (t) => {
  const { write, ask } = await startTestApp(t)
  const vins = Array.from({ length: 30 }, (_, index) => number(index))
  const drive = (at: number) =>
    write(
      ...vins.map((vin, index) =>
        vehicleChange({ vin, at: at + index, position: [(at + index * 7) % 90, 10] }),
      ),
    )
  await drive(THEN)
  const seen: string[] = []
  let offset: number | null = 0
  for (let page = 0; offset !== null; page += 1) {
    const query = { pagination: { offset, maxResults: 7 } }
    const found: Found = (await ask('/vehicles/aggregate', query)).json()
    const onPage = found.vehicles.map(({ vin }) => vin)
    t.strictSame(onPage, [...onPage].sort().reverse(), 'VIN descending')
    t.equal(found.vehicleCount, 30)
    seen.push(...onPage)
    offset = found.offset
    t.ok(page < 10, 'it ends')
    await drive(THEN + 1000 * (page + 1))
  }
  t.strictSame(seen.sort(), vins)
})

t.test('defect 14: a vehicle without an oil temperature has none', async (t) => {
  const { write, ask } = await startTestApp(t)
  const position: [number, number] = [1, 1]
  await write(
    vehicleChange({ vin: 'VIN-A', position, telemetry: { oiltemp: 250, fuel: 1 } }),
    vehicleChange({ vin: 'VIN-B', position, telemetry: { odometer: { metres: 1 } } }),
    vehicleChange({ vin: 'VIN-C', position, telemetry: { oiltemp: 299 } }),
  )
  const { vehicles }: Found = (await ask('/vehicles/aggregate', {})).json()
  t.strictSame(
    vehicles.map(({ vin, telemetry }) => [vin, telemetry]),
    [
      ['VIN-C', { oilTemp: 299 }],
      ['VIN-B', { odometer: 0.62 }],
      ['VIN-A', { oilTemp: 250, fuelLevel: 0.26 }],
    ],
  )
})

t.test('defect 5: a VIN matches a vehicle, never a field that holds the same text', async (t) => {
  const { write, ask, get } = await startTestApp(t)
  await write(
    vehicleChange({ vin: 'VIN-A', position: [1, 1], color: 'VIN-B', model: 'VIN-B' }),
    vehicleChange({ vin: 'VIN-BC', position: [1, 1] }),
  )
  t.equal((await get('/vehicles/VIN-B')).statusCode, 404)
  const { vehicleCount }: Found = (
    await ask('/vehicles/aggregate', { filters: { vehicle: { vin: ['VIN-B'] } } })
  ).json()
  t.equal(vehicleCount, 0)
})

const fleet: TestVehicle[] = [
  {
    vin: 'VIN-A',
    position: [1, 1],
    make: 'AMZ',
    model: '5',
    year: 2015,
    devices: [
      { deviceid: 'ecu-1', softwareversion: '1.0' },
      { deviceid: 'ecu-2', softwareversion: '2.0' },
    ],
    troubleCodes: ['P0301'],
  },
  { vin: 'VIN-B', position: [50, 50], make: 'AMZ', model: '4', year: 2016, anomalies: ['OilTemp'] },
  { vin: 'VIN-C', make: 'BMW', model: '4', year: 2016, troubleCodes: ['P0301', 'U1627'] },
]
const filters: readonly [name: string, filters: object, vins: string[]][] = [
  ['nothing', {}, ['VIN-C', 'VIN-B', 'VIN-A']],
  [
    'empty lists',
    { anomalies: [], boundaries: [], software: { swVersion: '' } },
    ['VIN-C', 'VIN-B', 'VIN-A'],
  ],
  ['VINs in any case', { vehicle: { vin: ['vin-a', 'Vin-C'] } }, ['VIN-C', 'VIN-A']],
  ['makes', { vehicle: { make: ['AMZ'] } }, ['VIN-B', 'VIN-A']],
  ['models', { vehicle: { model: ['4', '9'] } }, ['VIN-C', 'VIN-B']],
  ['years', { vehicle: { year: [2015, '2016'] } }, ['VIN-C', 'VIN-B', 'VIN-A']],
  ['a year as text', { vehicle: { year: ['2015'] } }, ['VIN-A']],
  ['software of any device', { software: { swVersion: '2.0' } }, ['VIN-A']],
  ['trouble codes', { troubleCodes: ['U1627', 'X'] }, ['VIN-C']],
  ['anomalies', { anomalies: ['OilTemp'] }, ['VIN-B']],
  ['a box', { boundaries: [[0, 0, 2, 2]] }, ['VIN-A']],
  [
    'all of it',
    { vehicle: { make: ['AMZ'], year: [2016] }, boundaries: [[40, 40, 60, 60]] },
    ['VIN-B'],
  ],
  ['what nobody has', { vehicle: { make: ['AMZ'] }, troubleCodes: ['U1627'] }, []],
]
t.test('filters', async (t) => {
  const { write, ask } = await startTestApp(t)
  await write(...fleet.map(vehicleChange))
  for (const [name, wanted, vins] of filters) {
    const { vehicles }: Found = (await ask('/vehicles/filter', { filters: wanted })).json()
    t.strictSame(
      vehicles.map(({ vin }) => vin),
      vins,
      name,
    )
  }
})

t.test('without a zoom there are no clusters, with metric units other numbers', async (t) => {
  const { write, ask } = await startTestApp(t)
  await write(vehicleChange({ vin: 'VIN-A', position: [1, 1], telemetry: { fuel: 10 } }))
  const found: Found = (await ask('/vehicles/aggregate', {}, { units: 'metric' })).json()
  t.strictSame(found.clusters, [])
  t.equal(found.vehicles[0]?.telemetry['fuelLevel'], 10)
})

t.test(
  'where there would be too many clusters, tiles get larger and counts still agree',
  async (t) => {
    const { write, ask } = await startTestApp(t, { clustersMax: 10 })
    const changes = Array.from({ length: 100 }, (_, index) =>
      vehicleChange({ vin: number(index), position: [index - 50, (index % 10) * 8] }),
    )
    await write(...changes)
    const found: Found = (await ask('/vehicles/aggregate', { clusters: { zoom: 14 } })).json()
    t.ok(found.clusters.length <= 10)
    t.equal(sum(found), 100)
  },
)

t.test('beyond the mercator limit a vehicle still has a cluster', async (t) => {
  const { write, ask } = await startTestApp(t)
  await write(vehicleChange({ vin: number(1), position: [10, 89] }))
  const query = { filters: { boundaries: [[0, 88, 20, 90]] }, clusters: { zoom: 3 } }
  const found: Found = (await ask('/vehicles/aggregate', query)).json()
  t.equal(found.vehicleCount, 1)
  t.match(found.clusters, [{ properties: { count: 1, vin: number(1) } }])
})

t.test('lookup gives the one vehicle of a box', async (t) => {
  const { write, ask, get } = await startTestApp(t)
  await write(...fleet.map(vehicleChange))
  for (const url of [
    '/vehicles/lookup?bbox=0,0,2,2',
    '/vehicles/lookup?bbox=0,0,2,2&units=metric',
  ]) {
    t.match((await get(url)).json(), { vin: 'VIN-A', troubleCodes: ['P0301'] })
  }
  const query = { filters: { boundaries: [[40, 40, 60, 60]] } }
  t.match((await ask('/vehicles/lookup', query)).json(), { vin: 'VIN-B', anomalies: ['OilTemp'] })
  t.equal((await get('/vehicles/lookup?bbox=80,0,81,1')).statusCode, 404)
})

t.test('a vehicle is found by its VIN in any case, and others are not', async (t) => {
  const { write, get } = await startTestApp(t)
  await write(...fleet.map(vehicleChange))
  const { devices, vin } = (await get('/vehicles/vin-a')).json()
  t.equal(vin, 'VIN-A')
  t.strictSame(devices, [
    { swVersion: '1.0', deviceId: 'ECU-1' },
    { swVersion: '2.0', deviceId: 'ECU-2' },
  ])
  const missing = await get('/vehicles/VIN-X')
  t.equal(missing.statusCode, 404)
  t.equal(missing.json().detail, 'No Vehicle data')
})
