import t from 'tap'
import {
  composeBodyEvent,
  composeCardata,
  composeDtc,
  composeTrip,
  composeVideoEvent,
} from '../../../simulators/vehicles/messages.ts'
import { identity, open, STAMP, STAMP_MS, VIN } from './sample-vehicle.ts'

// Every key as the original spells it: the server must cope with exactly these.
t.test('cardata', async (t) => {
  const reading = {
    tripId: 'H8TRucIRX',
    routeName: 'Route A',
    place: { latitude: 47.5, longitude: -122.4, headingDeg: 76.5 },
    speedKmh: 52.2,
    maxSpeedKmh: 60,
    averageSpeedKmh: 50,
    longitudinalMps2: -1.5,
    lateralMps2: 0.5,
    throttleMaxPercent: 40,
    throttleAveragePercent: 20,
    odometerKm: 131_497.0266,
    fuelLitres: 31.5,
    tripFuelMl: 559.4,
    oilTempF: 251.3,
    satellites: 9,
    ignition: 'run',
  } as const
  t.strictSame(open(composeCardata(identity, reading, STAMP_MS)), {
    kind: 'cardata',
    topic: 'dt/cvra/ECU-AWS-2017-AAA/cardata',
    body: {
      MessageId: `${VIN}-${STAMP}`,
      SimulationId: '',
      CreationTimeStamp: STAMP,
      SendTimeStamp: STAMP,
      VIN,
      TripId: 'H8TRucIRX',
      DriverID: 'DRV-1',
      GeoLocation: {
        Latitude: 47.5,
        Longitude: -122.4,
        Altitude: 0,
        Heading: 76.5,
        Speed: 52.2,
      },
      Communications: {
        GSM: {
          Satelites: '9',
          Fix: '3D',
          NetworkType: 'LTE',
          MNC: '410',
          MCC: '310',
          LAC: '12345',
          CID: '12345678',
        },
        WiFi: { 'NetworkID ': '' },
        Wired: { 'NetworkID ': '' },
      },
      Acceleration: {
        MaxLongitudinal: { Axis: 0, Value: -1.5 },
        MaxLateral: { Axis: 0, Value: 0.5 },
      },
      Throttle: { Max: 40, Average: 20 },
      Speed: { Max: 60, Average: 50 },
      Odometer: { Metres: 131_497.0266, TicksFL: 0, TicksFR: 0, TicksRL: 0, TicksRR: 0 },
      Fuel: 31.5,
      Name: 'Route A',
      OilTemp: 251.3,
      FuelInfo: { CurrentTripConsumption: 559.4, TankCapacity: 60 },
      IgnitionStatus: 'run',
    },
  })
})

t.test('trip', async (t) => {
  const trip = {
    tripId: 'H8TRucIRX',
    startedAtMs: STAMP_MS - 1_397_098,
    durationMs: 1_397_098,
    distanceKm: 23.3,
    fuelMl: 559.4,
    start: { latitude: 36.25, longitude: -115.01 },
    end: { latitude: 36.38, longitude: -114.88 },
  }
  t.strictSame(open(composeTrip(identity, trip, STAMP_MS)), {
    kind: 'trip',
    topic: 'dt/cvra/ECU-AWS-2017-AAA/trip',
    body: {
      MessageId: `${VIN}-${STAMP}`,
      CreationTimeStamp: STAMP,
      SendTimeStamp: STAMP,
      VIN,
      TripId: 'H8TRucIRX',
      TripSummary: {
        StartTime: '2026-01-02T02:40:48.580Z',
        Distance: 23.3,
        Duration: 1_397_098,
        Fuel: 559.4,
        StartLocation: { Latitude: 36.25, Longitude: -115.01, Altitude: 0 },
        EndLocation: { Latitude: 36.38, Longitude: -114.88, Altitude: 0 },
        SpeedProfile: 0,
      },
    },
  })
})

t.test('dtc, raised and cleared', async (t) => {
  for (const code of ['P1734', '']) {
    t.strictSame(open(composeDtc(identity, code, STAMP_MS)), {
      kind: 'dtc',
      topic: 'dt/cvra/ECU-AWS-2017-AAA/dtc',
      body: {
        MessageId: `${VIN}-${STAMP}`,
        CreationTimeStamp: STAMP,
        SendTimeStamp: STAMP,
        VIN,
        DTC: { Code: code, Changed: 'true' },
      },
    })
  }
})

t.test('event of the body and of the camera', async (t) => {
  const alert = { Body: { DoorStatus: 'LR Open' }, Chassis: { TyrePressure: 'LF 1.9' } }
  t.strictSame(open(composeBodyEvent(identity, alert, STAMP_MS)).body, {
    MessageId: `${VIN}-${STAMP}`,
    CreationTimeStamp: STAMP,
    SendTimeStamp: STAMP,
    VIN,
    Alert: alert,
  })
  const video = {
    name: 'WarningPedestriansCrossing',
    id: 169,
    at: { latitude: 47.5, longitude: -122.4 },
    recordingId: '2ae34de2',
  }
  t.strictSame(open(composeVideoEvent(identity, video, STAMP_MS)), {
    kind: 'event',
    topic: 'dt/cvra/ECU-AWS-2017-AAA/event',
    body: {
      messageid: `${VIN}-2026-01-02-03-04-05-2ae34de2`,
      creationtimestamp: STAMP,
      sendtimestamp: STAMP,
      vin: VIN,
      alert: {
        videoevent: {
          event_name: 'WarningPedestriansCrossing',
          event_source: 'mapbox',
          event_id: 169,
          event_data: {},
          event_location: { latitude: 47.5, longitude: -122.4 },
        },
      },
    },
  })
})
