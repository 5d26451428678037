import type { JsonObject } from '../../src/domain/json.ts'

// The wire's own spelling: CamelCase keys, "Metres" for kilometres, a blank behind "NetworkID".

export const VIN = '5AZYB53IXEE10036'

export function cardata(changes: JsonObject = {}): JsonObject {
  const sentAt = String(changes['SendTimeStamp'] ?? '2026-04-06T18:27:54.762Z')
  const vin = String(changes['VIN'] ?? VIN)
  return {
    MessageId: `${vin}-${sentAt}`,
    SimulationId: '',
    CreationTimeStamp: sentAt,
    SendTimeStamp: sentAt,
    VIN: vin,
    TripId: 'D7SJG5oY6',
    DriverID: '',
    GeoLocation: {
      Latitude: 36.0363100266,
      Longitude: -115.13324000557736,
      Altitude: 0,
      Heading: 350.3769180104864,
      Speed: 32.315,
    },
    Communications: {
      GSM: { Satelites: '', Fix: '', NetworkType: '', MNC: '', MCC: '', LAC: '', CID: '' },
      WiFi: { 'NetworkID ': '' },
      Wired: { 'NetworkID ': '' },
    },
    Acceleration: { MaxLongitudinal: { Axis: 0, Value: 0 }, MaxLateral: { Axis: 0, Value: 0 } },
    Throttle: { Max: 0, Average: 0 },
    Speed: { Max: 32.315, Average: 0 },
    Odometer: { Metres: 4872.7, TicksFL: 0, TicksFR: 0, TicksRL: 0, TicksRR: 0 },
    Fuel: 1.0735,
    Name: 'route-a',
    OilTemp: 240.5,
    FuelInfo: { CurrentTripConsumption: 12.5, TankCapacity: 60 },
    IgnitionStatus: 'run',
    ...changes,
  }
}

export function trip(changes: JsonObject = {}): JsonObject {
  const sentAt = String(changes['SendTimeStamp'] ?? '2026-04-06T18:51:06.573Z')
  return {
    MessageId: `${VIN}-${sentAt}`,
    CreationTimeStamp: sentAt,
    SendTimeStamp: sentAt,
    VIN,
    TripId: 'D7SJG5oY6',
    TripSummary: {
      Duration: 1_397_098,
      Distance: 23.312640441316034,
      Fuel: 559.441033099354,
      StartTime: '2026-04-06T18:27:49.475Z',
      StartLocation: { Altitude: 0, Latitude: 36.2523, Longitude: -115.0112 },
      EndLocation: { Altitude: 0, Latitude: 36.3887303061, Longitude: -114.887669811 },
    },
    ...changes,
  }
}

export function dtc(code: string, changes: JsonObject = {}): JsonObject {
  const sentAt = String(changes['SendTimeStamp'] ?? '2026-04-18T06:59:40.534Z')
  return {
    MessageId: `${VIN}-${sentAt}`,
    CreationTimeStamp: sentAt,
    SendTimeStamp: sentAt,
    VIN,
    DTC: { Code: code, Changed: 'true' },
    ...changes,
  }
}

export function event(changes: JsonObject = {}): JsonObject {
  const sentAt = String(changes['SendTimeStamp'] ?? '2026-12-19T16:25:27.870Z')
  return {
    MessageId: `${VIN}-${sentAt}-2ae34de2`,
    CreationTimeStamp: sentAt,
    SendTimeStamp: sentAt,
    VIN,
    Alert: { VideoEvent: { Event_Name: 'WarningPedestriansCrossing', Event_Id: 169 } },
    ...changes,
  }
}

export function groupEvent(
  kind: 'create' | 'modify' | 'delete',
  attributes: JsonObject,
  changes: JsonObject = {},
): JsonObject {
  const path = `/auto/vehicles/${VIN.toLowerCase()}`
  return {
    objectId: path,
    type: 'groups',
    event: kind,
    payload: JSON.stringify({
      groups: {},
      attributes,
      ...(kind === 'create'
        ? { templateId: 'auto_vehicle', parentPath: '/auto/vehicles', groupPath: path, name: VIN }
        : {}),
      category: 'group',
    }),
    time: '2026-04-06T18:19:39.000Z',
    ...changes,
  }
}

export function deviceEvent(
  deviceId: string,
  kind: 'create' | 'modify' | 'delete',
  object: JsonObject,
  changes: JsonObject = {},
): JsonObject {
  return {
    objectId: deviceId,
    type: 'devices',
    event: kind,
    payload: JSON.stringify({ ...object, deviceId, category: 'device', templateId: 'auto_ecu' }),
    time: '2026-04-06T18:19:39.890Z',
    ...changes,
  }
}

/** Attach to or detach from a vehicle; the envelope carries attributes instead of a payload. */
export function deviceLink(
  deviceId: string,
  link: { attach: string } | { detach: string },
  time: string,
): JsonObject {
  const group =
    'attach' in link
      ? { attachedToGroup: `/auto/vehicles/${link.attach.toLowerCase()}` }
      : { detachedFromGroup: `/auto/vehicles/${link.detach.toLowerCase()}` }
  return {
    objectId: deviceId,
    type: 'devices',
    event: 'modify',
    attributes: { deviceId, ...group, relationship: 'installed_in' },
    time,
  }
}

export function jobExecution(
  jobId: string,
  deviceId: string,
  changes: JsonObject = {},
): JsonObject {
  return {
    eventType: 'JOB_EXECUTION',
    eventId: '6a9191a9-0000-4000-8000-000000000000',
    timestamp: 1_775_500_000,
    operation: 'succeeded',
    jobId,
    thingArn: `arn:aws:iot:us-west-2:123456789012:thing/${deviceId}`,
    status: 'SUCCEEDED',
    statusDetails: { progress: '100%' },
    ...changes,
  }
}

export function bytes(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message))
}
