import type { HistoryIndex } from '../../../ports/fleet-index.ts'
import type { CurrentIndex } from './index-names.ts'

/**
 * Raise it with every change below: histories get the new mapping with their next day's index, the
 * current ones are copied behind their alias at the next start.
 */
export const MAPPING_VERSION = 1

export interface Field {
  readonly type: string
  readonly enabled?: boolean
  readonly format?: string
  readonly ignore_above?: number
  readonly include_in_root?: boolean
  readonly properties?: Fields
}
export interface Fields {
  readonly [name: string]: Field
}

const KEYWORD: Field = { type: 'keyword', ignore_above: 1024 }
const NUMBER: Field = { type: 'double' }
const COUNT: Field = { type: 'long' }
const TIME: Field = { type: 'date', format: 'strict_date_optional_time||epoch_millis' }
const FLAG: Field = { type: 'boolean' }
const POINT: Field = { type: 'geo_point' }
/** Kept in the document, found by nothing. */
const OPAQUE: Field = { type: 'object', enabled: false }

const group = (properties: Fields): Field => ({ type: 'object', properties })
/** `include_in_root`: facets count vehicles, not entries, without a join. */
const nested = (properties: Fields): Field => ({
  type: 'nested',
  include_in_root: true,
  properties,
})
const all = (names: readonly string[], field: Field): Fields =>
  Object.fromEntries(names.map((name) => [name, field]))

const HEADER: Fields = {
  vin: KEYWORD,
  messageid: KEYWORD,
  simulationid: KEYWORD,
  creationtimestamp: TIME,
  sendtimestamp: TIME,
}

const PLACE = group(all(['latitude', 'longitude', 'altitude'], NUMBER))
const AXIS = group(all(['axis', 'value'], NUMBER))
const RANGE = group(all(['max', 'average'], NUMBER))

/** Reference §1.1, with the EV variant's members. */
const TELEMETRY: Fields = {
  ...HEADER,
  tripid: KEYWORD,
  driverid: KEYWORD,
  name: KEYWORD,
  ignitionstatus: KEYWORD,
  ignition: KEYWORD,
  geolocation: group({
    ...all(['latitude', 'longitude', 'altitude', 'heading', 'speed'], NUMBER),
    location: POINT,
  }),
  communications: group({
    gsm: group(all(['satelites', 'fix', 'networktype', 'mnc', 'mcc', 'lac', 'cid'], KEYWORD)),
    wifi: OPAQUE,
    wired: OPAQUE,
  }),
  acceleration: group({ maxlongitudinal: AXIS, maxlateral: AXIS }),
  throttle: RANGE,
  speed: RANGE,
  odometer: group({
    ...all(['metres', 'tripodometer'], NUMBER),
    ...all(['ticksfl', 'ticksfr', 'ticksrl', 'ticksrr'], COUNT),
  }),
  fuel: NUMBER,
  oiltemp: NUMBER,
  fuelinfo: group(all(['currenttripconsumption', 'tankcapacity'], NUMBER)),
  tires: group(
    all(
      ['pressure_front_left', 'pressure_front_right', 'pressure_rear_left', 'pressure_rear_right'],
      NUMBER,
    ),
  ),
  ...all(
    [
      'stateofcharge',
      'electricenergyin',
      'electricenergyout',
      'batterycrankingvoltage',
      'outsidetemperature',
    ],
    NUMBER,
  ),
  clockskewms: COUNT,
  positionfault: KEYWORD,
}

const ATTRIBUTES = group({
  ...all(
    [
      'make',
      'model',
      'bodytype',
      'fueltype',
      'transmissiontype',
      'transmissionautotype',
      'transmissionmanualtype',
      'colorcode',
      'ivitype',
      'marketcode',
      'countrycode',
    ],
    KEYWORD,
  ),
  modelyear: NUMBER,
})

const DEVICE: Fields = { deviceid: KEYWORD, softwareversion: KEYWORD }
const ANOMALY: Fields = { anomaly_type: KEYWORD, anomaly_score: NUMBER, value: NUMBER }

/** What is known of a vehicle beside its telemetry. */
const SHARED: Fields = {
  attributes: ATTRIBUTES,
  devices: nested(DEVICE),
  trouble_codes: nested({ code: KEYWORD }),
  anomalies: nested(ANOMALY),
}

/** Who wrote the status or the device, and when: how instances learn of each other's changes. */
const OWNERSHIP: Fields = { writer: KEYWORD, changed_at: COUNT }

const CURRENT: Readonly<Record<CurrentIndex, Fields>> = {
  latest_telemetry: {
    ...TELEMETRY,
    ...SHARED,
    fleetgrid: group({
      vin: KEYWORD,
      position: POINT,
      hidden: FLAG,
      order: COUNT,
      ...OWNERSHIP,
      status: OPAQUE,
      last_position: OPAQUE,
    }),
  },
  shared_cardata: { vin: KEYWORD, ...SHARED, deleted: FLAG },
  devices: {
    ...DEVICE,
    vin: KEYWORD,
    fleetgrid: group({ order: COUNT, ...OWNERSHIP, status: OPAQUE }),
  },
}

const RECORD = group({
  vin: KEYWORD,
  at: COUNT,
  id: KEYWORD,
  order: COUNT,
  trip: KEYWORD,
  condition: KEYWORD,
  raises: FLAG,
  position: POINT,
  stored_at: COUNT,
  unindexed: OPAQUE,
})

const HISTORY: Readonly<Record<HistoryIndex, Fields>> = {
  // A nested device would be a document of its own beside each of millions of readings.
  cardata: { ...TELEMETRY, attributes: ATTRIBUTES, devices: group(DEVICE), fleetgrid: RECORD },
  trip: {
    ...HEADER,
    tripid: KEYWORD,
    tripsummary: group({
      ...all(['duration', 'distance', 'fuel'], NUMBER),
      starttime: TIME,
      startlocation: PLACE,
      endlocation: PLACE,
    }),
    fleetgrid: RECORD,
  },
  dtc: {
    ...HEADER,
    dtc: group(all(['code', 'changed', 'cleared'], KEYWORD)),
    fleetgrid: RECORD,
  },
  event: {
    ...HEADER,
    alert: group({
      videoevent: group({
        ...all(['event_name', 'event_source'], KEYWORD),
        event_id: COUNT,
        event_location: group(all(['latitude', 'longitude'], NUMBER)),
      }),
    }),
    fleetgrid: RECORD,
  },
  anomaly: {
    ...HEADER,
    ...ANOMALY,
    anomaly_id: KEYWORD,
    ...all(['created_at', 'identified_at', 'updated_at'], TIME),
    cleared: FLAG,
    fleetgrid: RECORD,
  },
}

export interface Mapping {
  readonly dynamic: false
  readonly _meta: { readonly version: number }
  readonly properties: Fields
}

export function currentMapping(index: CurrentIndex, version = MAPPING_VERSION): Mapping {
  return { dynamic: false, _meta: { version }, properties: CURRENT[index] }
}

export function historyMapping(index: HistoryIndex, version = MAPPING_VERSION): Mapping {
  return { dynamic: false, _meta: { version }, properties: HISTORY[index] }
}
