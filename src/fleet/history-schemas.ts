import Type, { type Static } from 'typebox'
import { NextOffset } from '../http/schemas.ts'

const Coordinates = Type.Array(Type.Number(), {
  minItems: 2,
  maxItems: 2,
  description: '[longitude, latitude]',
})

export const Trip = Type.Object(
  {
    tripId: Type.String(),
    startTime: Type.Optional(Type.String({ description: 'ISO 8601' })),
    duration: Type.Optional(Type.Number({ description: 'Minutes' })),
    fuel: Type.Optional(Type.Number({ description: 'US gallons; with units=metric litres' })),
    startLocation: Type.Optional(Coordinates),
    endLocation: Type.Optional(Coordinates),
    distance: Type.Object({
      miles: Type.Optional(Type.Number()),
      kilometers: Type.Optional(Type.Number({ description: 'With units=metric' })),
    }),
    fuelEconomy: Type.Object({
      mpg: Type.Optional(Type.Number({ description: 'Miles per US gallon; 0 without fuel' })),
      litersPer100Km: Type.Optional(
        Type.Number({ description: 'With units=metric; 0 without distance' }),
      ),
    }),
  },
  {
    title: 'Trip',
    description: 'Not rounded, as in the original. What the vehicle has not sent is left out.',
    examples: [
      {
        tripId: 'D7SJG5oY6',
        startTime: '2020-11-04T16:28:39.768Z',
        duration: 32.7701,
        fuel: 0.17656431784615603,
        startLocation: [-115.21898, 36.17389],
        endLocation: [-115.1504299947544, 36.001390089831986],
        distance: { miles: 19.23333587712779 },
        fuelEconomy: { mpg: 108.93104627111676 },
      },
    ],
  },
)
export type Trip = Static<typeof Trip>

export const TripsAnswer = Type.Object(
  { trips: Type.Array(Trip, { description: 'Newest first by send time' }), offset: NextOffset },
  { title: 'Trips' },
)
export type TripsAnswer = Static<typeof TripsAnswer>

export const VehicleEvent = Type.Object(
  {
    messageId: Type.Optional(Type.String()),
    creationtimestamp: Type.Optional(Type.String({ description: 'ISO 8601' })),
    alert: Type.Unknown({ description: 'As the vehicle sent it, with lower-cased keys' }),
  },
  {
    title: 'Event',
    examples: [
      {
        messageId: '1AZPG71SXDC10042-2019-12-19-13-37-58-2ae34de2',
        creationtimestamp: '2019-12-19T16:25:17.133Z',
        alert: {
          videoevent: {
            event_name: 'WarningPedestriansCrossing',
            event_source: 'mapbox',
            event_id: 169,
            event_data: {},
            event_location: { latitude: 47.5859241, longitude: -122.3983032 },
          },
        },
      },
    ],
  },
)
export type VehicleEvent = Static<typeof VehicleEvent>

export const EventsAnswer = Type.Object(
  {
    events: Type.Array(VehicleEvent, { description: 'Newest first by send time' }),
    offset: NextOffset,
  },
  { title: 'Events' },
)
export type EventsAnswer = Static<typeof EventsAnswer>

export const RouteAnswer = Type.Object(
  {
    geometry: Type.String({
      description:
        'Encoded polyline, precision 5, latitude before longitude: every known position in the order of driving, revisited ones too',
      examples: ['yex{Eruf~TDcU@_DBgCD_CJmE'],
    }),
  },
  { title: 'Route' },
)

export const ConditionLife = Type.Object(
  {
    id: Type.String({ description: 'Trouble code, or type of anomaly' }),
    active: Type.Boolean(),
    count: Type.Integer({ description: 'Raises in its present, or last, life' }),
    firstSeen: Type.String({ description: 'ISO 8601' }),
    lastSeen: Type.String({ description: 'ISO 8601' }),
    clearedAt: Type.Optional(Type.String({ description: 'ISO 8601' })),
  },
  {
    title: 'Life of a condition',
    examples: [
      {
        id: 'P0301',
        active: false,
        count: 3,
        firstSeen: '2020-11-04T16:28:39.768Z',
        lastSeen: '2020-11-04T16:51:02.118Z',
        clearedAt: '2020-11-05T08:02:44.000Z',
      },
    ],
  },
)
export type ConditionLife = Static<typeof ConditionLife>

export const TroubleCodesAnswer = Type.Object(
  { troubleCodes: Type.Array(ConditionLife) },
  { title: 'Trouble codes' },
)
export const AnomaliesAnswer = Type.Object(
  { anomalies: Type.Array(ConditionLife) },
  { title: 'Anomalies' },
)
