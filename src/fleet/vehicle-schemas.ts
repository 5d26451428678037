import type { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import { NextOffset, named } from '../http/schemas.ts'

// Names and shapes are the original's (reference §1.9); examples are its captured answers.

const Coordinates = Type.Array(Type.Number(), {
  minItems: 2,
  maxItems: 2,
  description: '[longitude, latitude], WGS 84 degrees',
})

const quantity = (imperial: string, metric: string) =>
  Type.Optional(Type.Number({ description: `${imperial}; with units=metric ${metric}` }))

const vehicleProperties = {
  vin: Type.String(),
  make: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  modelYear: Type.Optional(Type.Integer()),
  color: Type.Optional(Type.String({ description: 'Colour code of the maker' })),
  telemetry: Type.Object(
    {
      odometer: quantity('miles', 'km'),
      fuelLevel: quantity('US gallons', 'litres'),
      oilTemp: quantity('°F', '°C'),
      currentSpeed: quantity('mph', 'km/h'),
      maxSpeed: quantity('mph', 'km/h'),
      avgSpeed: quantity('mph', 'km/h'),
      tripOdometer: quantity('miles', 'km'),
      tripFuel: quantity('US gallons', 'litres'),
      tankCapacity: Type.Optional(
        Type.Number({
          description:
            'Litres in both systems: the original hands the tank’s size on as the vehicle sends it, and its clients expect that',
        }),
      ),
    },
    { description: 'Rounded to two decimals. What the vehicle has not sent is left out.' },
  ),
  devices: Type.Array(
    Type.Object({ swVersion: Type.Optional(Type.String()), deviceId: Type.String() }),
  ),
  geoLocation: Type.Object(
    {
      heading: Type.Optional(Type.Number({ description: 'Degrees from north, clockwise' })),
      coordinates: Type.Optional(Coordinates),
    },
    { description: 'The last good position, which can be older than the telemetry' },
  ),
}

const vehicleExample = {
  vin: '1AZKW21JXAD10005',
  make: 'AMZ',
  model: '5',
  modelYear: 2015,
  color: '253',
  telemetry: {
    odometer: 41501.81,
    fuelLevel: 0.07,
    oilTemp: 310.21,
    currentSpeed: 38.06,
    maxSpeed: 38.06,
    avgSpeed: 0,
  },
  devices: [{ swVersion: '2.3', deviceId: 'ECU-AWS-2014-3_YWYRHF5T' }],
  geoLocation: {
    heading: 63.425551562335784,
    coordinates: [-115.32300999002257, 36.280590004023196],
  },
}

export const Vehicle = Type.Object(vehicleProperties, {
  $id: 'Vehicle',
  title: 'Vehicle',
  examples: [vehicleExample],
})
export type Vehicle = Static<typeof Vehicle>

export const DetailedVehicle = Type.Object(
  {
    ...vehicleProperties,
    troubleCodes: Type.Array(Type.String(), { description: 'Active ones' }),
    anomalies: Type.Array(Type.String(), { description: 'Active types' }),
    lastSeen: Type.Optional(
      Type.String({ description: 'Send time of the newest telemetry, ISO 8601' }),
    ),
  },
  {
    $id: 'DetailedVehicle',
    title: 'Vehicle with its conditions',
    examples: [
      {
        ...vehicleExample,
        troubleCodes: ['P0301'],
        anomalies: ['OilTemp'],
        lastSeen: '2020-11-04T17:01:14.869Z',
      },
    ],
  },
)
export type DetailedVehicle = Static<typeof DetailedVehicle>

const FacetList = Type.Array(Type.Object({ id: Type.String(), count: Type.Integer() }), {
  description: 'All of them, most frequent first; `count` is how many of the vehicles have it',
})

export const Facets = Type.Object(
  { anomalies: FacetList, troubleCodes: FacetList },
  { $id: 'Facets', title: 'What the matching vehicles have' },
)
export type Facets = Static<typeof Facets>

export const Cluster = Type.Object(
  {
    coordinates: Type.Array(Type.Number(), {
      minItems: 2,
      maxItems: 2,
      description: '[longitude, latitude] of the middle of `bbox`',
    }),
    properties: Type.Object({
      bbox: Type.Array(Type.Number(), {
        minItems: 4,
        maxItems: 4,
        description: '[west, south, east, north]: the tile, cropped to the requested boundaries',
      }),
      key: Type.String({ description: 'precision/x/y of the web-mercator tile' }),
      count: Type.Integer({ description: 'Vehicles in the tile' }),
      vin: Type.Optional(Type.String({ description: 'Where the tile holds a single vehicle' })),
    }),
  },
  {
    $id: 'Cluster',
    title: 'Cluster',
    examples: [
      {
        coordinates: [-115.15869140625, 36.191090014029356],
        properties: {
          bbox: [-115.1806640625, 36.17335693522159, -115.13671875, 36.20882309283712],
          key: '13/1475/3211',
          count: 3,
        },
      },
    ],
  },
)
export type Cluster = Static<typeof Cluster>

export const AggregateAnswer = Type.Object(
  {
    vehicleCount: Type.Integer({ description: 'All that match and have a position' }),
    filters: Type.Optional(named(Facets)),
    vehicles: Type.Array(named(Vehicle), { description: 'One page, VIN descending' }),
    clusters: Type.Array(named(Cluster), {
      description:
        'Their counts add up to `vehicleCount`. Tiles are seven levels below the zoom, fewer where there would be too many of them.',
    }),
    offset: NextOffset,
  },
  { title: 'Aggregate' },
)
export type AggregateAnswer = Static<typeof AggregateAnswer>

/** Written piece by piece: this schema documents the text, nothing is serialised with it. */
export const FilterAnswer = Type.Unsafe<Readable>(
  Type.Object(
    {
      vehicleCount: Type.Optional(
        Type.Integer({ description: 'All that match, also beyond the 10,000' }),
      ),
      filters: Type.Optional(named(Facets)),
      vehicles: Type.Array(named(Vehicle), { description: 'At most 10,000, VIN descending' }),
    },
    {
      title: 'Filtered vehicles',
      description: 'Only `{"vehicles":[]}` when there are none, as in the original.',
    },
  ),
)
