import Type, { type Static, type TSchema } from 'typebox'
import { VIN_PATTERN } from '../domain/vin.ts'

// What callers ask with. The original puts one JSON object into the query parameter `filters`;
// these schemas check it after decoding. Unknown keys are refused: a typo must not widen a query.

const strict = { additionalProperties: false }
const LIST_MAX = 10_000
const BOXES_MAX = 100

const List = (maxLength: number, description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength }), { maxItems: LIST_MAX, description }),
  )

const Boundaries = Type.Optional(
  Type.Array(Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }), {
    maxItems: BOXES_MAX,
    description:
      'Boxes of [left, bottom, right, top] in degrees; none is the whole world. Overlapping boxes count a vehicle once; left > right crosses 180°.',
  }),
)

const Filters = Type.Optional(
  Type.Object(
    {
      software: Type.Optional(
        Type.Object(
          {
            swVersion: Type.Optional(
              Type.String({ maxLength: 256, description: 'Of any device; "" does not filter' }),
            ),
          },
          strict,
        ),
      ),
      anomalies: List(128, 'Has one of these active anomaly types'),
      troubleCodes: List(128, 'Has one of these active trouble codes'),
      vehicle: Type.Optional(
        Type.Object(
          {
            vin: Type.Optional(
              Type.Array(Type.String({ pattern: VIN_PATTERN }), {
                maxItems: LIST_MAX,
                description: 'In any case',
              }),
            ),
            make: List(256, 'One of these'),
            model: List(256, 'One of these'),
            year: Type.Optional(
              Type.Array(
                Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]{4}$' })], {
                  description: 'Model year, as a number or as text',
                }),
                { maxItems: LIST_MAX },
              ),
            ),
          },
          strict,
        ),
      ),
      boundaries: Boundaries,
    },
    { ...strict, description: 'Empty and missing lists do not filter' },
  ),
)

const Pagination = (defaultResults: number) =>
  Type.Optional(
    Type.Object(
      {
        offset: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: '0, or the `offset` of the answer before. Opaque: do not compute it.',
          }),
        ),
        maxResults: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1000, default: defaultResults }),
        ),
      },
      strict,
    ),
  )

const Clusters = Type.Optional(
  Type.Object(
    {
      zoom: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: 29,
          description: 'Of the map. Without it: no clusters',
        }),
      ),
    },
    strict,
  ),
)

const filtersExample = {
  software: { swVersion: '' },
  anomalies: [],
  troubleCodes: [],
  vehicle: { vin: [], make: [], model: [], year: [] },
  boundaries: [[-125, 24, -66, 50]],
}

export const AggregateQuery = Type.Object(
  { filters: Filters, pagination: Pagination(20), clusters: Clusters },
  {
    ...strict,
    $id: 'AggregateQuery',
    title: 'Query of /vehicles/aggregate and /vehicles/stream',
    examples: [
      {
        filters: filtersExample,
        pagination: { offset: 0, maxResults: 20 },
        clusters: { zoom: 6 },
      },
    ],
  },
)
export type AggregateQuery = Static<typeof AggregateQuery>

export const FilterQuery = Type.Object(
  {
    filters: Filters,
    timestamp: Type.Optional(
      Type.String({ maxLength: 40, description: 'Taken and not used, as in the original' }),
    ),
  },
  {
    ...strict,
    $id: 'FilterQuery',
    title: 'Query of /vehicles/filter',
    examples: [{ filters: filtersExample, timestamp: '2020-05-10T03:55:54.125Z' }],
  },
)
export type FilterQuery = Static<typeof FilterQuery>

export const LookupQuery = Type.Object(
  {
    filters: Type.Object(
      {
        boundaries: Type.Array(Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }), {
          minItems: 1,
          maxItems: 1,
          description: 'Exactly one box of [left, bottom, right, top] in degrees',
        }),
      },
      strict,
    ),
  },
  {
    ...strict,
    $id: 'LookupQuery',
    title: 'Query of /vehicles/lookup',
    examples: [{ filters: { boundaries: [[-115.18, 36.17, -115.13, 36.21]] } }],
  },
)

const DateText = (description: string) =>
  Type.Optional(
    Type.Union([Type.String({ maxLength: 40 }), Type.Null()], {
      description: `${description}, ISO 8601, inclusive; "" or null leaves it open`,
    }),
  )

export const HistoryQuery = Type.Object(
  {
    filters: Type.Optional(
      Type.Object(
        {
          dates: Type.Optional(
            Type.Object(
              { start: DateText('Send time from'), end: DateText('Send time to') },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
    pagination: Pagination(40),
  },
  {
    ...strict,
    $id: 'HistoryQuery',
    title: 'Query of trips and events',
    examples: [
      {
        filters: { dates: { start: '2020-11-04T00:00:00Z', end: '' } },
        pagination: { offset: 0, maxResults: 40 },
      },
    ],
  },
)
export type HistoryQuery = Static<typeof HistoryQuery>

/** The parameter as it stands in the URL. */
export function filtersParameter(schema: TSchema) {
  const { $id, examples } = schema as { $id?: string; examples?: readonly unknown[] }
  return Type.String({
    minLength: 2,
    description: `URL-encoded JSON of #/components/schemas/${$id}. Encoding it twice is fine too.`,
    examples: [JSON.stringify(examples?.[0])],
  })
}

export const UnitsParameter = Type.Optional(
  Type.Unsafe<'imperial' | 'metric'>(
    Type.String({
      enum: ['imperial', 'metric'],
      default: 'imperial',
      description: 'imperial is what the original shows',
    }),
  ),
)

export const VinParameter = Type.Object({
  vin: Type.String({
    pattern: VIN_PATTERN,
    description: 'In any case',
    examples: ['1AZKW21JXAD10005'],
  }),
})
