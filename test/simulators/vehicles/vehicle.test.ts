import t from 'tap'
import { createIdentity } from '../../../simulators/vehicles/identity.ts'
import { TROUBLE_CODES } from '../../../simulators/vehicles/incidents.ts'
import { measureDistanceM } from '../../../simulators/vehicles/route.ts'
import {
  type Cardata,
  catalog,
  createVehicle,
  distanceToRouteM,
  driveTrips,
  findRoute,
  first,
  isRising,
  last,
  missing,
  START_MS,
  toPlace,
} from './driving.ts'

t.test('same seed and same moments, same messages', async (t) => {
  const tell = (seed: string) =>
    Array.from(
      { length: 3 },
      (_, index) => driveTrips(createVehicle('route-b', { seed, index }), 2).payloads,
    )
  t.same(tell('7'), tell('7'))
  t.not(JSON.stringify(tell('7')), JSON.stringify(tell('8')))
})

t.test('a vehicle is the same in a fleet of any size, and no two have one VIN', async (t) => {
  const identities = Array.from({ length: 500 }, (_, index) => createIdentity('1', index))
  t.same(identities[42], createIdentity('1', 42))
  t.equal(new Set(identities.map(({ vin }) => vin)).size, 500)
  const devices = identities.flatMap(({ ecus }) => ecus.map(({ deviceId }) => deviceId))
  t.equal(new Set(devices).size, devices.length)
  for (const { vin, ecus } of identities) {
    t.match(vin, /^5AZ[A-Z]{2}\d{2}[A-Z]X[9A-Z][A-Z]\d{5}$/)
    t.equal(vin.length, 16)
    t.ok(ecus.length === 1 || ecus.length === 2)
  }
})

t.test('the same fleet started later drives new trips', async (t) => {
  const tripIds = [0, 60_000].map((laterMs) => {
    const [message] = createVehicle('route-a').step(START_MS + laterMs)
    return JSON.parse(message?.payload ?? '{}').TripId
  })
  t.not(tripIds[0], tripIds[1])
})

for (const { id, lengthM } of catalog.routes) {
  t.test(`a vehicle follows ${id} and ends with a trip of its length`, async (t) => {
    const { cardata, trips } = driveTrips(createVehicle(id, { speedup: 10 }), 1, 500)
    const { TripSummary: trip, TripId } = first(trips)
    const end = last(cardata)

    t.ok(Math.abs(trip.Distance - lengthM / 1000) < 0.001, 'distance of the trip')
    const driven = end.Odometer.Metres - first(cardata).Odometer.Metres
    t.ok(Math.abs(driven - trip.Distance) < 1e-6, 'odometer')
    t.ok(
      cardata.every((body) => body.TripId === TripId),
      'one trip id',
    )
    t.ok(
      cardata.every((body) => distanceToRouteM(findRoute(id), body.GeoLocation) < 1),
      'on the road',
    )
    t.ok(isRising(cardata.map((body) => body.Odometer.Metres)), 'odometer grows')
    t.ok(isRising(cardata.map((body) => -body.Fuel)), 'fuel falls')
    t.ok(isRising(cardata.map((body) => body.FuelInfo.CurrentTripConsumption)), 'fuel is burnt')
    t.ok(
      cardata.every((body) => body.GeoLocation.Speed >= 0 && body.Speed.Max < 160),
      'speed',
    )
    t.equal(end.GeoLocation.Speed, 0)
    t.equal(end.IgnitionStatus, 'off')
    const kmh = trip.Distance / (trip.Duration / 3_600_000)
    t.ok(kmh > 30 && kmh < 120, `mean speed of ${kmh} km/h`)
  })
}

t.test('speedup drives farther between two messages, time stamps stay real', async (t) => {
  const [slow = 0, fast = 0] = [1, 10].map((speedup) => {
    const vehicle = createVehicle('route-l', { speedup })
    const bodies: Cardata[] = [0, 2000, 4000].map((ms) => {
      const message = vehicle.step(START_MS + ms).findLast(({ kind }) => kind === 'cardata')
      return JSON.parse(message?.payload ?? '{}')
    })
    t.equal(last(bodies).SendTimeStamp, '2026-01-02T03:04:09.000Z')
    return last(bodies).Odometer.Metres - first(bodies).Odometer.Metres
  })
  t.ok(fast > 8 * slow)
})

t.test('an oiltemp trigger heats the oil for a while', async (t) => {
  const temperatures = (id: string) =>
    driveTrips(createVehicle(id), 1).cardata.map(({ OilTemp }) => OilTemp)
  const withTrigger = temperatures('route-k')
  const hottest = Math.max(...withTrigger)
  t.ok(hottest > 280 && hottest < 311, `${hottest} °F`)
  t.ok(last(withTrigger) < 275, 'cooled down again')
  t.ok(Math.max(...temperatures('route-c')) < 275, 'not without a trigger')
})

t.test('dtc triggers raise codes, some of them are cleared later', async (t) => {
  const reports = Array.from(
    { length: 6 },
    (_, index) => driveTrips(createVehicle('route-a', { index }), 6).dtcs,
  )
  const raised = reports.flat().filter(({ Code }) => Code !== '')
  const cleared = reports.flat().filter(({ Code }) => Code === '')
  t.equal(raised.length, 6 * 6 * 2, 'twice on each trip')
  t.ok(cleared.length > 0 && cleared.length < raised.length)
  const known: readonly string[] = TROUBLE_CODES
  t.ok(raised.every(({ Code }) => known.includes(Code)))
  t.ok(reports.flat().every(({ Changed }) => Changed === 'true'))
  t.ok(
    reports.every((list) => first(list).Code !== ''),
    'nothing is cleared before it is raised',
  )
})

t.test('a brake trigger is a hard stop and a video event', async (t) => {
  const { cardata, videos } = driveTrips(createVehicle('route-p'), 1)
  t.ok(Math.min(...cardata.map(({ Acceleration }) => Acceleration.MaxLongitudinal.Value)) < -6)
  t.equal(videos.filter((name) => name === 'HarshBraking').length, 1)
})

t.test('trips follow each other without a jump, after a pause, under new ids', async (t) => {
  const { trips } = driveTrips(createVehicle('route-e'), 4)
  t.equal(new Set(trips.map(({ TripId }) => TripId)).size, 4)
  for (const [index, { TripSummary: trip }] of trips.entries()) {
    const before = trips[index - 1]
    if (before === undefined) continue
    const [from, to] = [before.TripSummary.EndLocation, trip.StartLocation].map(toPlace)
    t.ok(measureDistanceM(from ?? missing(), to ?? missing()) < 250)
    t.ok(Date.parse(trip.StartTime) - Date.parse(before.SendTimeStamp) >= 28_000)
  }
})

t.test('no two messages of a vehicle have the same identity', async (t) => {
  const vehicle = createVehicle('route-a', { speedup: 1000 })
  const ids: string[] = []
  for (let tick = 0; tick < 2000; tick++) {
    // A clock that stands still for two steps, and one that goes back.
    const nowMs = START_MS + Math.floor(tick / 2) * 10 - (tick === 1000 ? 5000 : 0)
    for (const { payload } of vehicle.step(nowMs)) {
      const body = JSON.parse(payload)
      ids.push(body.MessageId ?? body.messageid)
    }
  }
  t.ok(ids.length > 1000)
  t.equal(new Set(ids).size, ids.length)
})
