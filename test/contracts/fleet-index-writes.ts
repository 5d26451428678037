import fc from 'fast-check'
import type { Test } from 'tap'
import type { DeviceStatus } from '../../src/domain/device.ts'
import type { FleetChange } from '../../src/ports/fleet-index.ts'
import { EVERY_VEHICLE } from '../../src/ports/fleet-index.ts'
import {
  FIRST_PAGE,
  filtered,
  HERE,
  loadedRegistry,
  record,
  START,
  stamp,
  status,
  telemetry,
  vinOf,
  withStatus,
} from './fleet-changes.ts'
import type { Subject } from './fleet-index.ts'

const VIN = vinOf(1)
const THERE = { longitude: -122.4, latitude: 47.6 }
export const SEED = 20_261_120

export async function writeContract(t: Test, subject: (t: Test) => Promise<Subject>) {
  t.test('the same message twice is one record and a duplicate', async (t) => {
    const { index, write } = await subject(t)
    const change = telemetry(VIN, 0, { tripId: 'T1', position: HERE })
    t.strictSame((await write(change)).duplicates, [])
    t.strictSame((await write(telemetry(VIN, 5), change, change)).duplicates, [1, 2])
    t.strictSame(await index.route('T1'), [HERE])
  })

  t.test('a message that comes again changes nothing that came since', async (t) => {
    const { index, write } = await subject(t)
    const first = telemetry(VIN, 0, { position: HERE })
    const message = withStatus(first, status(VIN, { make: 'AMZ', troubleCodes: ['P1'] }))
    await write(message)
    await write(
      withStatus(telemetry(VIN, 10, { position: THERE }), status(VIN, { revision: 2, make: 'B' })),
    )
    const before = await index.latestVehicle(VIN)
    t.strictSame((await write(message)).duplicates, [0])
    t.strictSame(await index.latestVehicle(VIN), before)
    t.equal(before?.make, 'B')
    t.strictSame(before?.position, THERE)
  })

  t.test('twice within one batch is once', async (t) => {
    const { index, write } = await subject(t)
    const change = record('trip', VIN, 0, 'trip-1')
    t.strictSame((await write(change, change)).duplicates, [1])
    t.equal((await index.trips({ vin: VIN, page: FIRST_PAGE })).items.length, 1)
  })

  t.test('identity is index, vin, time and id together', async (t) => {
    const { index, write } = await subject(t)
    const report = await write(
      record('trip', VIN, 0, 'a'),
      record('event', VIN, 0, 'a'),
      record('trip', vinOf(2), 0, 'a'),
      record('trip', VIN, 1, 'a'),
      record('trip', VIN, 0, 'A'),
    )
    t.strictSame(report.duplicates, [])
    t.equal((await index.trips({ vin: VIN, page: FIRST_PAGE })).items.length, 3)
  })

  for (const together of [true, false]) {
    const how = together ? 'in one batch' : 'in another batch'
    t.test(`defect 1: late telemetry loses, ${how}`, async (t) => {
      const { index, write } = await subject(t)
      const changes = [telemetry(VIN, 2000), telemetry(VIN, 1000)]
      if (together) await write(...changes)
      else for (const change of changes) await write(change)
      t.equal((await index.latestVehicle(VIN))?.telemetry?.odometerKm, 2000)
    })

    t.test(`of equal times the greater id wins, ${how}`, async (t) => {
      const { index, write } = await subject(t)
      const pairs = [
        ['b', 'a'],
        ['a', 'b'],
        ['\u{1f600}', '\uff01'],
        ['\uff01', '\u{1f600}'],
      ]
      for (const [number, ids] of pairs.entries()) {
        const vin = vinOf(number)
        const changes = ids.map((id, odometerKm) => telemetry(vin, 0, { id, odometerKm }))
        if (together) await write(...changes)
        else for (const change of changes) await write(change)
        const greatest = [...ids].sort().at(-1) ?? ''
        const odometer = (await index.latestVehicle(vin))?.telemetry?.odometerKm
        t.equal(odometer, ids.indexOf(greatest), ids.join(' then '))
      }
    })

    t.test(`the last good position stays, also when its message comes late, ${how}`, async (t) => {
      const { index, write } = await subject(t)
      const changes = [
        telemetry(VIN, 1000, { position: HERE }),
        telemetry(VIN, 5000),
        telemetry(VIN, 3000, { position: THERE }),
        telemetry(VIN, 2000, { position: HERE }),
      ]
      if (together) await write(...changes)
      else for (const change of changes) await write(change)
      const view = await index.latestVehicle(VIN)
      t.equal(view?.telemetry?.odometerKm, 5000)
      t.strictSame(view?.position, THERE)
    })

    t.test(`a status loses against a higher revision, ${how}`, async (t) => {
      const { index, write } = await subject(t)
      const changes = [3, 1, 2].map((revision) =>
        withStatus({ history: [] }, status(VIN, { revision, make: `revision ${revision}` })),
      )
      if (together) await write(...changes)
      else for (const change of changes) await write(change)
      t.equal((await index.latestVehicle(VIN))?.make, 'revision 3')
    })

    t.test(`a device loses against a higher revision, ${how}`, async (t) => {
      const { index, write } = await subject(t)
      const changes = [3, 1, 2].map((revision) => ({ history: [], devices: [device(revision)] }))
      if (together) await write(...changes)
      else for (const change of changes) await write(change)
      t.strictSame((await loadedRegistry(index)).devices, [device(3)])
    })
  }

  t.test('a tombstone hides the vehicle; only what is newer brings it back', async (t) => {
    const { index, write } = await subject(t)
    const isShown = async () => {
      const { vehicleCount } = await index.aggregateVehicles({
        filter: EVERY_VEHICLE,
        maxClusters: 10,
        page: FIRST_PAGE,
      })
      const view = await index.latestVehicle(VIN)
      const { vins } = await filtered(index, EVERY_VEHICLE)
      const found = await index.lookupVehicle([{ west: 11, south: 48, east: 12, north: 49 }])
      t.strictSame(
        [vins.length, view === undefined ? 0 : 1, found === undefined ? 0 : 1],
        [vehicleCount, vehicleCount, vehicleCount],
        'queries agree',
      )
      return vehicleCount === 1
    }
    await write(withStatus(telemetry(VIN, 1000, { position: HERE }), status(VIN, { make: 'AMZ' })))
    t.equal(await isShown(), true)
    const deleted = status(VIN, { revision: 2, deleted: stamp(2000) })
    await write(withStatus({ history: [] }, deleted))
    t.equal(await isShown(), false, 'deleted')
    await write(telemetry(VIN, 1500, { position: HERE }))
    t.equal(await isShown(), false, 'older telemetry comes late')
    await write(telemetry(VIN, 2500))
    t.equal((await index.latestVehicle(VIN))?.position, undefined, 'its old position is gone')
    await write(telemetry(VIN, 3000, { position: HERE }))
    t.equal(await isShown(), true, 'it is back')
  })

  t.test('the tombstone may come first', async (t) => {
    const { index, write } = await subject(t)
    await write(withStatus({ history: [] }, status(VIN, { deleted: stamp(2000) })))
    await write(telemetry(VIN, 1000, { position: HERE }))
    t.equal(await index.latestVehicle(VIN), undefined)
    t.strictSame((await filtered(index, EVERY_VEHICLE)).vins, [])
    const again = status(VIN, { revision: 2, make: 'AMZ', deleted: stamp(2000) })
    await write(withStatus({ history: [] }, again))
    t.equal((await index.latestVehicle(VIN))?.make, 'AMZ', 'provisioned anew')
  })

  t.test('the registry that is loaded is what was written', async (t) => {
    const { index, write } = await subject(t)
    const statuses = Array.from({ length: 1201 }, (_, number) =>
      status(vinOf(number), { make: 'AMZ', troubleCodes: ['P0301'] }),
    )
    const devices = Array.from({ length: 1201 }, (_, number) => device(1, `ecu-${number}`))
    await write({ history: [], statuses, devices })
    await write(telemetry(vinOf(7), 2000), telemetry(vinOf(7), 1000, { position: HERE }))
    await write(withStatus({ history: [] }, status(vinOf(8), { revision: 2, deleted: stamp(9) })))
    await write(telemetry(vinOf(5000), 3000))
    const loaded = await loadedRegistry(index)
    const byVin = new Map(loaded.vehicles.map((vehicle) => [vehicle.status.vin, vehicle]))
    t.equal(loaded.vehicles.length, 1202)
    t.equal(byVin.size, 1202)
    for (const expected of statuses) {
      if (expected.vin === vinOf(8)) continue
      t.strictSame(byVin.get(expected.vin)?.status, expected)
    }
    t.strictSame(byVin.get(vinOf(8))?.status.deleted, stamp(9), 'tombstones too')
    t.strictSame(byVin.get(vinOf(7))?.telemetryStamp, stamp(2000, `${vinOf(7)}-2000`))
    t.strictSame(byVin.get(vinOf(7))?.positionStamp, stamp(1000, `${vinOf(7)}-1000`))
    t.strictSame(byVin.get(vinOf(7))?.view, await index.latestVehicle(vinOf(7)))
    t.equal(byVin.get(vinOf(5000))?.status.revision, 0, 'telemetry without a status')
    const byId = (left: DeviceStatus, right: DeviceStatus) =>
      left.deviceid < right.deviceid ? -1 : 1
    t.strictSame([...loaded.devices].sort(byId), [...devices].sort(byId))
  })

  t.test('several writes at once end as one after the other', async (t) => {
    const { index, settle } = await subject(t)
    const writes = Array.from({ length: 20 }, (_, batch) =>
      Array.from({ length: 10 }, (_, item) => {
        const number = batch * 10 + item
        const change = telemetry(vinOf(number % 7), (number * 37) % 200, { position: HERE })
        return withStatus(change, status(vinOf(number % 7), { revision: number + 1 }))
      }),
    )
    const reports = await Promise.all(writes.map((changes) => index.write(changes)))
    for (const report of reports) {
      t.strictSame(report, { accepted: 10, duplicates: [], rejected: [], retry: [] })
    }
    await settle()
    for (const vehicle of [0, 1, 2, 3, 4, 5, 6]) {
      const odometers = writes
        .flat()
        .filter(({ telemetry }) => telemetry?.vin === vinOf(vehicle))
        .map(({ telemetry }) => (telemetry?.stamp.at ?? 0) - START)
      const view = await index.latestVehicle(vinOf(vehicle))
      t.equal(view?.telemetry?.odometerKm, Math.max(...odometers))
    }
    const { vehicles } = await loadedRegistry(index)
    const revisions = vehicles.map(({ status }) => status.revision).sort((one, two) => one - two)
    t.strictSame(revisions, [194, 195, 196, 197, 198, 199, 200])
  })

  t.test('a process hears nothing of its own changes', async (t) => {
    const { index, write } = await subject(t)
    await write(withStatus(telemetry(VIN, 0), status(VIN, { make: 'AMZ' })))
    await write({ history: [], devices: [device(1)] })
    t.strictSame(await index.readChanges(), { vehicles: [], devices: [] })
    t.ok(index.writing.concurrency >= 1)
  })

  t.test('any order, batching and repetition ends in the same vehicles', async (t) => {
    t.comment(`seed ${SEED}`)
    const { index, write } = await subject(t)
    let runs = 0
    await fc.assert(
      fc.asyncProperty(shuffledBatches(), async ({ changes, batches }) => {
        runs += 1
        const expected = [runs * 10 + 1, runs * 10 + 2, runs * 10 + 3].map(vinOf)
        for (const change of changes) await write(change(expected))
        const actual = [runs * 10 + 6, runs * 10 + 7, runs * 10 + 8].map(vinOf)
        for (const batch of batches) await write(...batch.map((change) => change(actual)))
        const ending = async (vins: readonly string[]) => {
          const filter = { ...EVERY_VEHICLE, vins }
          const query = { filter, precision: 8, maxClusters: 100, page: FIRST_PAGE }
          const { vehicleCount, facets, clusters } = await index.aggregateVehicles(query)
          const views = await Promise.all(vins.map((vin) => index.latestVehicle(vin)))
          const found = { vehicleCount, facets, clusters, views }
          return JSON.parse(JSON.stringify(found).replaceAll(/5AZTEST\d+/g, 'VIN'))
        }
        t.strictSame(sorted(await ending(actual)), sorted(await ending(expected)))
        if (!t.passing()) throw new Error('this order ends differently')
      }),
      { seed: SEED, numRuns: 25 },
    )
  })

  t.test('a write after close fails cleanly', async (t) => {
    const { index } = await subject(t)
    await index.close()
    for (const call of [index.write([telemetry(VIN, 1)]), index.latestVehicle(VIN)]) {
      const error = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      t.match(error, { kind: 'unavailable', message: /closed/ })
    }
    await index.close()
  })
}

/** Clusters have no order. */
function sorted<T extends { readonly clusters: readonly unknown[] }>(ending: T): T {
  const clusters = ending.clusters.map((cluster) => JSON.stringify(cluster)).sort()
  return { ...ending, clusters }
}

type MakeChange = (vins: readonly string[]) => FleetChange

/** Changes in some order, and the same in another, cut into batches, some of them repeated. */
function shuffledBatches() {
  const change = fc
    .record({
      vehicle: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: 20 }),
      place: fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined }),
      kind: fc.constantFrom('telemetry', 'telemetry', 'telemetry', 'status'),
    })
    .map(({ vehicle, at, place, kind }): MakeChange => {
      const position = place === undefined ? undefined : { longitude: place * 10, latitude: place }
      // One revision, one content; and one id, one message.
      const traits = { revision: at + 1, make: `make ${at}`, troubleCodes: [`P${at}`] }
      const deleted = at % 3 === 0 ? { deleted: stamp(at) } : {}
      return (vins) => {
        const vin = vins[vehicle] ?? ''
        if (kind === 'telemetry') return telemetry(vin, at, { id: `m-${at}-${place}`, position })
        return withStatus({ history: [] }, status(vin, { ...traits, ...deleted }))
      }
    })
  return fc.array(change, { minLength: 1, maxLength: 30 }).chain((changes) => {
    const all = [...changes, ...changes.slice(0, 5)]
    const order = fc.shuffledSubarray(all, { minLength: all.length })
    return fc.record({ order, size: fc.integer({ min: 1, max: 12 }) }).map(({ order, size }) => ({
      changes,
      batches: Array.from({ length: Math.ceil(order.length / size) }, (_, number) =>
        order.slice(number * size, (number + 1) * size),
      ),
    }))
  })
}

function device(revision: number, deviceid = 'ecu-1'): DeviceStatus {
  const at = stamp(revision)
  return {
    deviceid,
    revision,
    softwareVersion: { value: `${revision}.0`, stamp: at },
    attributes: { model: { value: 'tcu', stamp: at } },
    installations: { [VIN]: { attached: at } },
  }
}
