import type { VehicleIdentity } from './identity.ts'
import type { Coordinates, Place } from './route.ts'

/**
 * The original's message templates, its spellings included: `Satelites`, `"NetworkID "` with a
 * space, `Metres` that holds kilometres. Servers have to live with these.
 */

export type MessageKind = 'group' | 'device' | 'cardata' | 'trip' | 'dtc' | 'event'

export interface Outgoing {
  readonly kind: MessageKind
  readonly topic: string
  readonly payload: string
}

/** What the vehicle measured since its last report. */
export interface Reading {
  readonly tripId: string
  readonly routeName: string
  readonly place: Place
  readonly speedKmh: number
  readonly maxSpeedKmh: number
  readonly averageSpeedKmh: number
  readonly longitudinalMps2: number
  readonly lateralMps2: number
  readonly throttleMaxPercent: number
  readonly throttleAveragePercent: number
  readonly odometerKm: number
  readonly fuelLitres: number
  readonly tripFuelMl: number
  readonly oilTempF: number
  readonly satellites: number
  readonly ignition: 'run' | 'off'
}

export function composeCardata(
  identity: VehicleIdentity,
  reading: Reading,
  stampMs: number,
): Outgoing {
  const { place } = reading
  return onVehicleTopic(identity, 'cardata', {
    ...composeHeader(identity, stampMs, true),
    TripId: reading.tripId,
    DriverID: identity.driverId,
    GeoLocation: {
      Latitude: place.latitude,
      Longitude: place.longitude,
      Altitude: 0,
      Heading: place.headingDeg,
      Speed: reading.speedKmh,
    },
    Communications: {
      GSM: {
        Satelites: String(reading.satellites),
        Fix: '3D',
        NetworkType: 'LTE',
        MNC: identity.cell.mnc,
        MCC: '310',
        LAC: identity.cell.lac,
        CID: identity.cell.cid,
      },
      WiFi: { 'NetworkID ': '' },
      Wired: { 'NetworkID ': '' },
    },
    Acceleration: {
      MaxLongitudinal: { Axis: 0, Value: reading.longitudinalMps2 },
      MaxLateral: { Axis: 0, Value: reading.lateralMps2 },
    },
    Throttle: { Max: reading.throttleMaxPercent, Average: reading.throttleAveragePercent },
    Speed: { Max: reading.maxSpeedKmh, Average: reading.averageSpeedKmh },
    Odometer: { Metres: reading.odometerKm, TicksFL: 0, TicksFR: 0, TicksRL: 0, TicksRR: 0 },
    Fuel: reading.fuelLitres,
    Name: reading.routeName,
    OilTemp: reading.oilTempF,
    FuelInfo: {
      CurrentTripConsumption: reading.tripFuelMl,
      TankCapacity: identity.tankLitres,
    },
    IgnitionStatus: reading.ignition,
  })
}

export interface TripSummary {
  readonly tripId: string
  /** Wall clock, as the time stamps. */
  readonly startedAtMs: number
  /** Simulated time, so that distance by duration is the speed that the telemetry showed. */
  readonly durationMs: number
  readonly distanceKm: number
  readonly fuelMl: number
  readonly start: Coordinates
  readonly end: Coordinates
}

export function composeTrip(
  identity: VehicleIdentity,
  trip: TripSummary,
  stampMs: number,
): Outgoing {
  return onVehicleTopic(identity, 'trip', {
    ...composeHeader(identity, stampMs),
    TripId: trip.tripId,
    TripSummary: {
      StartTime: toIso(trip.startedAtMs),
      Distance: trip.distanceKm,
      Duration: trip.durationMs,
      Fuel: trip.fuelMl,
      StartLocation: composeLocation(trip.start),
      EndLocation: composeLocation(trip.end),
      SpeedProfile: 0,
    },
  })
}

/** An empty code says that the vehicle has no trouble any more. */
export function composeDtc(identity: VehicleIdentity, code: string, stampMs: number): Outgoing {
  return onVehicleTopic(identity, 'dtc', {
    ...composeHeader(identity, stampMs),
    // A text in the original too, not a boolean.
    DTC: { Code: code, Changed: 'true' },
  })
}

export type Alert = Readonly<Record<string, Readonly<Record<string, string>>>>

export function composeBodyEvent(
  identity: VehicleIdentity,
  alert: Alert,
  stampMs: number,
): Outgoing {
  return onVehicleTopic(identity, 'event', { ...composeHeader(identity, stampMs), Alert: alert })
}

export interface VideoEvent {
  readonly name: string
  readonly id: number
  readonly at: Coordinates
  /** Distinguishes the recordings of one moment. */
  readonly recordingId: string
}

/** Cameras write their keys in lower case. */
export function composeVideoEvent(
  identity: VehicleIdentity,
  event: VideoEvent,
  stampMs: number,
): Outgoing {
  const stamp = toIso(stampMs)
  return onVehicleTopic(identity, 'event', {
    messageid: `${identity.vin}-${stamp.slice(0, 19).replaceAll(/[T:]/g, '-')}-${event.recordingId}`,
    creationtimestamp: stamp,
    sendtimestamp: stamp,
    vin: identity.vin,
    alert: {
      videoevent: {
        event_name: event.name,
        event_source: 'mapbox',
        event_id: event.id,
        event_data: {},
        event_location: { latitude: event.at.latitude, longitude: event.at.longitude },
      },
    },
  })
}

function composeHeader({ vin }: VehicleIdentity, stampMs: number, simulated = false) {
  const stamp = toIso(stampMs)
  return {
    MessageId: `${vin}-${stamp}`,
    ...(simulated ? { SimulationId: '' } : {}),
    CreationTimeStamp: stamp,
    SendTimeStamp: stamp,
    VIN: vin,
  }
}

function composeLocation({ latitude, longitude }: Coordinates) {
  return { Latitude: latitude, Longitude: longitude, Altitude: 0 }
}

function onVehicleTopic(
  { ecus }: VehicleIdentity,
  kind: 'cardata' | 'trip' | 'dtc' | 'event',
  body: object,
): Outgoing {
  return { kind, topic: `dt/cvra/${ecus[0].deviceId}/${kind}`, payload: JSON.stringify(body) }
}

export function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
