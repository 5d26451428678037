import t from 'tap'
import { startTestApp } from '../helpers/app.ts'
import { type TestVehicle, THEN, tripRecord, vehicleChange } from '../helpers/vehicles.ts'
import captured from './fixtures/captured-answers.json' with { type: 'json' }

// The same vehicles give the same answers as the original gave when they were captured.

const { vehicle, cluster, trip } = captured
const MILES_PER_KM = 0.621371

const asSent: TestVehicle = {
  vin: vehicle.vin,
  make: vehicle.make,
  model: vehicle.model,
  year: vehicle.modelYear,
  color: vehicle.color,
  devices: [{ deviceid: 'ecu-aws-2014-3_ywyrhf5t', softwareversion: '2.3' }],
  troubleCodes: vehicle.troubleCodes,
  position: [-115.32300999002257, 36.280590004023196],
  telemetry: {
    odometer: { metres: 41_501.81 / MILES_PER_KM },
    fuel: 0.2652,
    oiltemp: 310.2099,
    geolocation: { heading: 63.425551562335784, speed: 38.06 / MILES_PER_KM },
    speed: { max: 38.06 / MILES_PER_KM, average: 0 },
  },
}

t.test('a single vehicle is the captured one, plus what is ours', async (t) => {
  const { write, get } = await startTestApp(t)
  await write(vehicleChange(asSent))
  const { anomalies, lastSeen, ...original } = (await get(`/vehicles/${vehicle.vin}`)).json()
  t.strictSame(original, vehicle)
  t.strictSame(anomalies, [])
  t.equal(lastSeen, '2020-11-04T16:28:39.768Z')
})

t.test('a listed vehicle is the captured one without its trouble codes', async (t) => {
  const { write, ask } = await startTestApp(t)
  await write(vehicleChange(asSent))
  const { troubleCodes, ...listed } = vehicle
  t.strictSame((await ask('/vehicles/filter', {})).json(), {
    vehicleCount: 1,
    filters: { anomalies: [], troubleCodes: [{ id: 'P0301', count: 1 }] },
    vehicles: [listed],
  })
  const { vehicles, vehicleCount, filters, offset } = (
    await ask('/vehicles/aggregate', { clusters: { zoom: 6 } })
  ).json()
  t.strictSame(vehicles, [listed])
  t.strictSame({ vehicleCount, offset }, { vehicleCount: 1, offset: null })
  t.strictSame(filters.troubleCodes, [{ id: 'P0301', count: 1 }])
})

t.test('a cluster of three is the captured one', async (t) => {
  const { write, ask } = await startTestApp(t)
  const positions: [number, number][] = [
    [-115.17, 36.18],
    [-115.16, 36.19],
    [-115.14, 36.2],
  ]
  await write(
    ...positions.map((position, index) => vehicleChange({ vin: `VIN-0000${index}`, position })),
  )
  const answer = (await ask('/vehicles/aggregate', { clusters: { zoom: 6 } })).json()
  t.strictSame(answer.clusters, [cluster])
})

t.test('a trip is the captured one', async (t) => {
  const { write, get } = await startTestApp(t)
  const place = ([longitude = 0, latitude = 0]: number[]) => ({ longitude, latitude, altitude: 0 })
  await write(
    tripRecord(vehicle.vin, THEN, {
      tripid: trip.tripId,
      tripsummary: {
        duration: trip.duration * 60_000,
        distance: trip.distance.miles / MILES_PER_KM,
        fuel: trip.fuel / 0.000264,
        starttime: trip.startTime,
        startlocation: place(trip.startLocation),
        endlocation: place(trip.endLocation),
      },
    }),
  )
  const { trips, offset } = (await get(`/vehicles/${vehicle.vin}/trips`)).json()
  t.equal(offset, null)
  t.equal(trips.length, 1)
  const { duration, fuel, distance, fuelEconomy, ...rest } = trips[0]
  const near = (found: number, wanted: number) => t.ok(Math.abs(found / wanted - 1) < 1e-12)
  near(duration, trip.duration)
  near(fuel, trip.fuel)
  near(distance.miles, trip.distance.miles)
  near(fuelEconomy.mpg, trip.fuelEconomy.mpg)
  t.strictSame(rest, {
    tripId: trip.tripId,
    startTime: trip.startTime,
    startLocation: trip.startLocation,
    endLocation: trip.endLocation,
  })
})

t.test('without a vehicle the answers are as short as the original’s', async (t) => {
  const { ask } = await startTestApp(t)
  t.strictSame((await ask('/vehicles/aggregate', {})).json(), {
    vehicleCount: 0,
    vehicles: [],
    clusters: [],
    offset: null,
  })
  t.equal((await ask('/vehicles/filter', {})).body, '{"vehicles":[]}')
})
