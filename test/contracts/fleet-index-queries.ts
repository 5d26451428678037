import fc from 'fast-check'
import type { Test } from 'tap'
import type { BoundingBox } from '../../src/domain/bounding-box.ts'
import { tileOf } from '../../src/domain/geotile.ts'
import type { Position } from '../../src/domain/position.ts'
import type { AggregateQuery, FleetChange } from '../../src/ports/fleet-index.ts'
import { EVERY_VEHICLE } from '../../src/ports/fleet-index.ts'
import {
  FIRST_PAGE,
  filtered,
  HERE,
  pagedVins,
  status,
  type Traits,
  telemetry,
  vinOf,
  withStatus,
} from './fleet-changes.ts'
import type { Subject } from './fleet-index.ts'
import { SEED } from './fleet-index-writes.ts'

const MUNICH: BoundingBox = { west: 11, south: 48, east: 12, north: 49 }

function parked(number: number, position: Position | undefined, traits: Traits = {}): FleetChange {
  const vin = vinOf(number)
  return withStatus(telemetry(vin, 0, { position }), status(vin, traits))
}

function query(part: Partial<AggregateQuery> = {}): AggregateQuery {
  return { filter: EVERY_VEHICLE, precision: 10, maxClusters: 1000, page: FIRST_PAGE, ...part }
}

export async function queryContract(t: Test, subject: (t: Test) => Promise<Subject>) {
  t.test('an empty index answers', async (t) => {
    const { index } = await subject(t)
    t.strictSame(await index.aggregateVehicles(query()), {
      vehicleCount: 0,
      facets: { anomalies: [], troubleCodes: [] },
      clusters: [],
      vehicles: { items: [], next: undefined },
    })
    t.strictSame((await filtered(index, EVERY_VEHICLE)).vins, [])
    t.equal(await index.lookupVehicle([MUNICH]), undefined)
    t.equal(await index.latestVehicle(vinOf(1)), undefined)
    await index.check()
  })

  t.test('a vehicle without telemetry exists, but not on the map', async (t) => {
    const { index, write } = await subject(t)
    await write(withStatus({ history: [] }, status(vinOf(1), { make: 'AMZ' })), parked(2, HERE))
    t.equal((await index.latestVehicle(vinOf(1)))?.make, 'AMZ')
    t.strictSame((await filtered(index, EVERY_VEHICLE)).vins, [vinOf(2), vinOf(1)])
    const boundaries = [{ west: -180, south: -90, east: 180, north: 90 }]
    t.strictSame((await filtered(index, { ...EVERY_VEHICLE, boundaries })).vins, [vinOf(2)])
    t.equal((await index.aggregateVehicles(query())).vehicleCount, 1)
  })

  t.test('facets are complete, in order, and count vehicles', async (t) => {
    const { index, write } = await subject(t)
    const codes = Array.from({ length: 40 }, (_, number) => `P${1000 + number}`)
    await write(
      parked(1, HERE, { troubleCodes: codes, anomalies: ['OilTemp'] }),
      parked(2, HERE, { troubleCodes: ['P1003'], anomalies: ['OilTemp'] }),
      parked(3, undefined, { troubleCodes: ['P1004'], anomalies: ['Tyres'] }),
    )
    const { facets } = await index.aggregateVehicles(query())
    t.strictSame(facets.troubleCodes[0], { id: 'P1003', count: 2 })
    t.strictSame(
      facets.troubleCodes.slice(1),
      codes.filter((code) => code !== 'P1003').map((id) => ({ id, count: 1 })),
    )
    t.strictSame(facets.anomalies, [{ id: 'OilTemp', count: 2 }])
    const { facets: all } = await filtered(index, EVERY_VEHICLE)
    t.strictSame(all.anomalies, [
      { id: 'OilTemp', count: 2 },
      { id: 'Tyres', count: 1 },
    ])
  })

  t.test('there may be thousands of trouble codes', async (t) => {
    const { index, write } = await subject(t)
    const codes = Array.from({ length: 1500 }, (_, number) => `P${10_000 + number}`)
    await write(
      parked(1, HERE, { troubleCodes: codes.slice(0, 800) }),
      parked(2, HERE, { troubleCodes: codes.slice(700), anomalies: ['OilTemp'] }),
    )
    const common = codes.slice(700, 800)
    const others = codes.filter((code) => !common.includes(code))
    const troubleCodes = [
      ...common.map((id) => ({ id, count: 2 })),
      ...others.map((id) => ({ id, count: 1 })),
    ]
    const { facets, vehicleCount, clusters, vehicles } = await index.aggregateVehicles(query())
    t.strictSame(facets, { anomalies: [{ id: 'OilTemp', count: 1 }], troubleCodes })
    t.strictSame([vehicleCount, clusters.length, vehicles.items.length], [2, 1, 2])
    t.strictSame((await filtered(index, EVERY_VEHICLE)).facets.troubleCodes, troubleCodes)
  })

  t.test('values of a list are alternatives, lists combine', async (t) => {
    const { index, write } = await subject(t)
    await write(
      parked(1, HERE, { make: 'AMZ', model: '1', modelYear: 2018, softwareVersions: ['1', '2'] }),
      parked(2, HERE, { make: 'AMZ', model: '2', modelYear: 2019, troubleCodes: ['P1'] }),
      parked(3, HERE, { make: 'DENSO', model: '2', anomalies: ['OilTemp'], troubleCodes: ['P2'] }),
    )
    const cases: [Partial<typeof EVERY_VEHICLE> & { softwareVersion?: string }, number[]][] = [
      [{ makes: ['AMZ'] }, [2, 1]],
      [{ makes: ['AMZ', 'DENSO'], models: ['2'] }, [3, 2]],
      [{ makes: ['amz'] }, []],
      [{ modelYears: [2019, 2018] }, [2, 1]],
      [{ softwareVersion: '2' }, [1]],
      [{ softwareVersion: '3' }, []],
      [{ troubleCodes: ['P1', 'P2'] }, [3, 2]],
      [{ troubleCodes: ['P1', 'P2'], anomalies: ['OilTemp'] }, [3]],
      [{ vins: [vinOf(1), vinOf(3), 'NOBODY', vinOf(3)] }, [3, 1]],
      [{ vins: [vinOf(1)], makes: ['DENSO'] }, []],
    ]
    for (const [part, numbers] of cases) {
      const { vins, vehicleCount } = await filtered(index, { ...EVERY_VEHICLE, ...part })
      t.strictSame(vins, numbers.map(vinOf), JSON.stringify(part))
      t.equal(vehicleCount, numbers.length)
    }
  })

  t.test('a filter takes 10,000 VINs', async (t) => {
    const { index, write } = await subject(t)
    await write(parked(1, HERE), parked(9999, HERE), parked(20_000, HERE))
    const vins = Array.from({ length: 10_000 }, (_, number) => vinOf(number))
    t.strictSame((await filtered(index, { ...EVERY_VEHICLE, vins })).vins, [vinOf(9999), vinOf(1)])
  })

  t.test('the limit cuts vehicles, not counts; pieces are small', async (t) => {
    const { index, write } = await subject(t)
    await write(...Array.from({ length: 1300 }, (_, number) => parked(number, HERE)))
    const { vehicleCount, vins } = await filtered(index, EVERY_VEHICLE, 1100)
    t.equal(vehicleCount, 1300)
    t.strictSame(
      vins,
      Array.from({ length: 1100 }, (_, number) => vinOf(1299 - number)),
    )
    const { vehicles } = await index.filterVehicles(EVERY_VEHICLE, 1300)
    for await (const piece of vehicles) t.ok(piece.length <= 500)
    const unread = await index.filterVehicles(EVERY_VEHICLE, 1300)
    for await (const _piece of unread.vehicles) break
    t.equal(
      (await filtered(index, EVERY_VEHICLE)).vins.length,
      1300,
      'an unread answer blocks nobody',
    )
  })

  t.test('counts agree at every precision, also where clusters are merged', async (t) => {
    const { index, write } = await subject(t)
    const changes = Array.from({ length: 300 }, (_, number) =>
      parked(number, {
        longitude: ((number * 37) % 360) - 180,
        latitude: ((number * 17) % 170) - 85,
      }),
    )
    await write(...changes)
    for (const [precision, maxClusters] of [
      [0, 10],
      [5, 1000],
      [12, 1000],
      [29, 1000],
      [20, 50],
      [29, 1],
    ]) {
      const part = { precision: precision ?? 0, maxClusters: maxClusters ?? 0 }
      const { vehicleCount, clusters } = await index.aggregateVehicles(query(part))
      t.equal(vehicleCount, 300)
      t.equal(
        clusters.reduce((sum, { count }) => sum + count, 0),
        300,
        JSON.stringify(part),
      )
      t.ok(clusters.length <= part.maxClusters)
      const used = clusters[0]?.precision ?? -1
      t.ok(clusters.every((cluster) => cluster.precision === used && used <= part.precision))
      t.ok(clusters.every(({ count, vin }) => (vin !== undefined) === (count === 1)))
      const tiles = new Map<string, number>()
      for (const { telemetry } of changes) {
        const { x, y } = tileOf(telemetry?.position ?? HERE)
        const key = `${x >> (29 - used)}/${y >> (29 - used)}`
        tiles.set(key, (tiles.get(key) ?? 0) + 1)
      }
      t.strictSame(new Map(clusters.map(({ x, y, count }) => [`${x}/${y}`, count])), tiles)
      if (used < part.precision) {
        const finer = await index.aggregateVehicles(
          query({ precision: used + 1, maxClusters: 10_000 }),
        )
        t.ok(finer.clusters.length > part.maxClusters, 'no coarser than needed')
      }
    }
    const { precision, ...without } = query()
    t.strictSame((await index.aggregateVehicles(without)).clusters, [])
  })

  t.test(
    'a map is as fine as it can be, whatever the fleet did since it was last asked',
    async (t) => {
      const { index, write } = await subject(t)
      const spread = (number: number) => ({
        longitude: 11 + (((number * 37) % 2000) + 0.5) / 2000,
        latitude: 48 + (((number * 61) % 1999) + 0.5) / 1999,
      })
      const fleet = Array.from({ length: 2000 }, (_, number) => number)
      const phases: [at: number, numbers: number[], place: (number: number) => Position][] = [
        [1, fleet.slice(0, 10), spread],
        [2, fleet, spread],
        [3, fleet.slice(5), () => HERE],
        [4, fleet.slice(1900), spread],
      ]
      const filter = { ...EVERY_VEHICLE, boundaries: [MUNICH] }
      for (const [at, numbers, place] of phases) {
        await write(
          ...numbers.map((number) => telemetry(vinOf(number), at, { position: place(number) })),
        )
        for (const maxClusters of [300, 30]) {
          const part = { filter, precision: 20, maxClusters, page: { after: 0, limit: 1 } }
          const { vehicleCount, clusters } = await index.aggregateVehicles(part)
          t.equal(vehicleCount, at === 1 ? 10 : 2000)
          t.equal(
            clusters.reduce((sum, { count }) => sum + count, 0),
            vehicleCount,
          )
          t.ok(clusters.length <= maxClusters)
          const precision = (clusters[0]?.precision ?? 0) + 1
          if (precision > 20) continue
          const finer = await index.aggregateVehicles({ ...part, precision, maxClusters: 10_000 })
          t.ok(finer.clusters.length > maxClusters, 'no coarser than needed')
        }
      }
    },
  )

  t.test('defect 12: a vehicle in overlapping boxes counts once', async (t) => {
    const { index, write } = await subject(t)
    await write(parked(1, HERE), parked(2, { longitude: 0, latitude: 0.1 }))
    const boundaries = [MUNICH, MUNICH, { ...MUNICH, west: 10 }]
    const filter = { ...EVERY_VEHICLE, boundaries }
    const { vehicleCount, clusters } = await index.aggregateVehicles(query({ filter }))
    t.equal(vehicleCount, 1)
    t.strictSame(
      clusters.map(({ count, vin }) => ({ count, vin })),
      [{ count: 1, vin: vinOf(1) }],
    )
    t.strictSame((await filtered(index, filter)).vins, [vinOf(1)])
  })

  t.test('borders belong to a box; halves meet at 180°', async (t) => {
    const { index, write } = await subject(t)
    await write(
      parked(1, { longitude: 180, latitude: 10 }),
      parked(2, { longitude: -180, latitude: 10 }),
      parked(3, { longitude: 170, latitude: 0 }),
      parked(4, { longitude: 169.999_999_9, latitude: 0 }),
      parked(5, { longitude: -170, latitude: 20 }),
      parked(6, { longitude: -170, latitude: 20.000_000_1 }),
    )
    const boundaries = [
      { west: 170, south: 0, east: 180, north: 20 },
      { west: -180, south: 0, east: -170, north: 20 },
    ]
    const { vins } = await filtered(index, { ...EVERY_VEHICLE, boundaries })
    t.strictSame(vins, [5, 3, 2, 1].map(vinOf))
    t.equal((await index.lookupVehicle(boundaries))?.vin, vinOf(1), 'lookup gives the lowest VIN')
    const point = { west: 170, south: 0, east: 170, north: 0 }
    t.equal((await index.lookupVehicle([point]))?.vin, vinOf(3), 'a point is a box')
  })

  t.test('a vehicle is found where it is now, and as it is now', async (t) => {
    const { index, write } = await subject(t)
    await write(parked(1, HERE, { make: 'AMZ', troubleCodes: ['P1'] }))
    t.equal((await index.lookupVehicle([MUNICH]))?.vin, vinOf(1))
    await write(telemetry(vinOf(1), 1000, { position: { longitude: 0, latitude: 1 } }))
    t.equal(await index.lookupVehicle([MUNICH]), undefined)
    await write(withStatus({ history: [] }, status(vinOf(1), { revision: 2, make: 'DENSO' })))
    t.strictSame((await filtered(index, { ...EVERY_VEHICLE, makes: ['AMZ'] })).vins, [])
    const { facets, vehicles } = await index.aggregateVehicles(query())
    t.strictSame(facets.troubleCodes, [])
    t.strictSame(vehicles.items, [await index.latestVehicle(vinOf(1))])
  })

  t.test('defect 13: pages neither skip nor repeat while vehicles move and come', async (t) => {
    t.comment(`seed ${SEED}`)
    const move = fc.record({
      number: fc.integer({ min: 0, max: 25 }),
      longitude: fc.integer({ min: -170, max: 170 }),
    })
    const { index, write } = await subject(t)
    let runs = 0
    const moves = fc.array(fc.array(move, { maxLength: 4 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: 1, max: 7 }), async (steps, limit) => {
        runs += 1
        const first = runs * 100
        const candidates = Array.from({ length: 26 }, (_, number) => vinOf(first + number))
        const filter = { ...EVERY_VEHICLE, vins: candidates }
        const before = Array.from({ length: 12 }, (_, number) => parked(first + number * 2, HERE))
        await write(...before)
        const vins: string[] = []
        let after: number | undefined = 0
        for (let step = 0; after !== undefined; step += 1) {
          const page: FleetChange[] = (steps[step] ?? []).map(({ number, longitude }) =>
            telemetry(vinOf(first + number), step + 1, {
              id: `${step}-${number}-${longitude}`,
              position: { longitude, latitude: 1 },
            }),
          )
          await write(...page)
          const { vehicles } = await index.aggregateVehicles(
            query({ filter, page: { after, limit } }),
          )
          t.ok(vehicles.items.length <= limit)
          vins.push(...vehicles.items.map(({ vin }) => vin))
          after = vehicles.next
        }
        t.equal(new Set(vins).size, vins.length, 'none is repeated')
        for (const { telemetry } of before)
          t.ok(vins.includes(telemetry?.vin ?? ''), 'none skipped')
        if (!t.passing()) throw new Error('a page was wrong')
      }),
      { seed: SEED, numRuns: 25 },
    )
  })

  t.test('the last full page says that it is the last', async (t) => {
    const { index, write } = await subject(t)
    await write(...[1, 2, 3, 4].map((number) => parked(number, HERE)))
    const first = await index.aggregateVehicles(query({ page: { after: 0, limit: 2 } }))
    const second = await index.aggregateVehicles(
      query({ page: { after: first.vehicles.next ?? -1, limit: 2 } }),
    )
    t.equal(second.vehicles.items.length, 2)
    t.equal(second.vehicles.next, undefined)
    t.equal((await pagedVins(index, EVERY_VEHICLE, 3)).length, 4)
  })
}
