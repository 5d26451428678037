import t from 'tap'
import { renderTrip } from '../../src/fleet/render-history.ts'
import { renderVehicle } from '../../src/fleet/render-vehicle.ts'
import type { Units } from '../../src/fleet/units.ts'
import { vehicleView } from '../helpers/vehicles.ts'

const view = vehicleView({
  vin: 'VIN-1',
  telemetry: {
    odometer: { metres: 100, tripodometer: 10 },
    fuel: 50,
    oiltemp: 212,
    geolocation: { speed: 80, heading: 12.345678 },
    speed: { max: 120, average: 60.004 },
    fuelinfo: { currenttripconsumption: 2500, tankcapacity: 60.456 },
  },
})

const vehicles: readonly [Units, Record<string, number>][] = [
  [
    'imperial',
    {
      odometer: 62.14,
      fuelLevel: 13.2,
      oilTemp: 212,
      currentSpeed: 49.71,
      maxSpeed: 74.56,
      avgSpeed: 37.28,
      tripOdometer: 6.21,
      tripFuel: 0.66,
      tankCapacity: 60.46,
    },
  ],
  [
    'metric',
    {
      odometer: 100,
      fuelLevel: 50,
      oilTemp: 100,
      currentSpeed: 80,
      maxSpeed: 120,
      avgSpeed: 60,
      tripOdometer: 10,
      tripFuel: 2.5,
      tankCapacity: 60.46,
    },
  ],
]
for (const [units, telemetry] of vehicles) {
  t.test(`a vehicle in ${units} units`, async (t) => {
    const rendered = renderVehicle(view, units)
    t.strictSame(rendered.telemetry, telemetry)
    t.equal(rendered.geoLocation.heading, 12.345678, 'not rounded')
  })
}

// As the machine multiplies it.
const MILES = 100 * 0.621371
const summary = { duration: 90_000, distance: 100, fuel: 5000 }
const trips: readonly [string, Units, object, object][] = [
  [
    'imperial',
    'imperial',
    summary,
    {
      duration: 1.5,
      fuel: 1.32,
      distance: { miles: MILES },
      fuelEconomy: { mpg: MILES / 1.32 },
    },
  ],
  [
    'metric',
    'metric',
    summary,
    { duration: 1.5, fuel: 5, distance: { kilometers: 100 }, fuelEconomy: { litersPer100Km: 5 } },
  ],
  [
    'no fuel burnt',
    'imperial',
    { ...summary, fuel: 0 },
    { duration: 1.5, fuel: 0, distance: { miles: MILES }, fuelEconomy: { mpg: 0 } },
  ],
  [
    'not moved',
    'metric',
    { ...summary, distance: 0 },
    { duration: 1.5, fuel: 5, distance: { kilometers: 0 }, fuelEconomy: { litersPer100Km: 0 } },
  ],
  ['nothing known', 'imperial', {}, { distance: {}, fuelEconomy: {} }],
]
for (const [name, units, tripsummary, expected] of trips) {
  t.test(`a trip: ${name}`, async (t) => {
    const { tripId, ...rest } = renderTrip({ tripid: 'T', tripsummary: { ...tripsummary } }, units)
    t.equal(tripId, 'T')
    t.strictSame(rest, expected)
  })
}

t.test('defect 14: what a vehicle has not sent is left out, never another vehicle’s', async (t) => {
  const silent = vehicleView({ vin: 'VIN-2', telemetry: { odometer: { metres: 1 } } })
  renderVehicle(view, 'imperial')
  t.strictSame(renderVehicle(silent, 'imperial'), {
    vin: 'VIN-2',
    telemetry: { odometer: 0.62 },
    devices: [],
    geoLocation: {},
  })
})
