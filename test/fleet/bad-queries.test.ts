import t from 'tap'
import { startTestApp } from '../helpers/app.ts'

// Wrong queries are 400 with the field named; nothing wrong is read as "no filter".

const longList = Array.from({ length: 10_001 }, (_, index) => `V${index}`)
const boxes = (count: number) => Array.from({ length: count }, () => [0, 0, 1, 1])

const vehicleQueries: readonly [name: string, query: unknown, field: string][] = [
  ['a misspelt key', { filter: {} }, 'filter'],
  ['a misspelt key inside', { filters: { boundarys: [] } }, 'filters.boundarys'],
  ['an unknown vehicle key', { filters: { vehicle: { vins: [] } } }, 'filters.vehicle.vins'],
  ['__proto__', JSON.parse('{"filters":{"__proto__":{}}}'), 'filters.__proto__'],
  ['three numbers', { filters: { boundaries: [[1, 2, 3]] } }, 'filters.boundaries[0]'],
  ['text in a box', { filters: { boundaries: [[1, 2, 3, 'x']] } }, 'filters.boundaries[0][3]'],
  [
    'bottom above top',
    {
      filters: {
        boundaries: [
          [0, 0, 1, 1],
          [0, 5, 1, 4],
        ],
      },
    },
    'filters.boundaries[1]',
  ],
  ['beyond the pole', { filters: { boundaries: [[0, -91, 1, 4]] } }, 'filters.boundaries[0]'],
  ['101 boxes', { filters: { boundaries: boxes(101) } }, 'filters.boundaries'],
  ['boundaries as an object', { filters: { boundaries: {} } }, 'filters.boundaries'],
  ['filters null', { filters: null }, 'filters'],
  ['a list as text', { filters: { anomalies: 'OilTemp' } }, 'filters.anomalies'],
  ['a number as a code', { filters: { troubleCodes: [1] } }, 'filters.troubleCodes[0]'],
  ['a strange VIN', { filters: { vehicle: { vin: ['a b c'] } } }, 'filters.vehicle.vin[0]'],
  ['a strange year', { filters: { vehicle: { year: ['old'] } } }, 'filters.vehicle.year[0]'],
  [
    'swVersion as a number',
    { filters: { software: { swVersion: 1 } } },
    'filters.software.swVersion',
  ],
]

const aggregateQueries: typeof vehicleQueries = [
  ...vehicleQueries,
  ['maxResults 0', { pagination: { maxResults: 0 } }, 'pagination.maxResults'],
  ['maxResults 1001', { pagination: { maxResults: 1001 } }, 'pagination.maxResults'],
  ['a negative offset', { pagination: { offset: -1 } }, 'pagination.offset'],
  ['half an offset', { pagination: { offset: 0.5 } }, 'pagination.offset'],
  ['zoom 30', { clusters: { zoom: 30 } }, 'clusters.zoom'],
  ['zoom as text', { clusters: { zoom: '3' } }, 'clusters.zoom'],
]

const historyQueries: typeof vehicleQueries = [
  ['no date', { filters: { dates: { start: 'yesterday' } } }, 'filters.dates.start'],
  ['no such day', { filters: { dates: { end: '2020-02-31x' } } }, 'filters.dates.end'],
  [
    'start after end',
    { filters: { dates: { start: '2021', end: '2020' } } },
    'filters.dates.start',
  ],
  [
    'end before start',
    { filters: { dates: { start: '2021-01-02', end: '2021-01-01' } } },
    'filters.dates',
  ],
  ['an unknown key', { filters: { date: {} } }, 'filters.date'],
  ['maxResults 1001', { pagination: { maxResults: 1001 } }, 'pagination.maxResults'],
]

const tables: readonly [path: string, queries: typeof vehicleQueries][] = [
  ['/vehicles/aggregate', aggregateQueries],
  ['/vehicles/stream', aggregateQueries],
  ['/vehicles/filter', [...vehicleQueries, ['pagination', { pagination: {} }, 'pagination']]],
  [
    '/vehicles/lookup',
    [
      ['no box', { filters: { boundaries: [] } }, 'filters.boundaries'],
      ['two boxes', { filters: { boundaries: boxes(2) } }, 'filters.boundaries'],
      ['nothing', {}, 'filters'],
      [
        'a filter that it has not',
        { filters: { boundaries: boxes(1), anomalies: [] } },
        'filters.anomalies',
      ],
    ],
  ],
  ['/vehicles/VIN-1/trips', historyQueries],
  ['/vehicles/VIN-1/events', historyQueries],
]

t.test('wrong queries name their field', async (t) => {
  const { ask } = await startTestApp(t)
  for (const [path, queries] of tables) {
    for (const [name, query, field] of queries) {
      const response = await ask(path, query)
      const problem = response.json()
      t.equal(response.statusCode, 400, `${path}: ${name}`)
      t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
      t.ok(
        problem.errors?.some((error: { field: string }) => error.field === field),
        `${path}: ${name} names ${field}`,
        { found: problem.errors },
      )
      t.match(problem, { title: 'Bad Request', status: 400, detail: String, requestId: String })
    }
  }
})

const urls: readonly [name: string, url: string, detail: RegExp, field: string][] = [
  ['no filters', '/vehicles/aggregate', /filters is missing/, 'filters'],
  ['no filters', '/vehicles/filter', /filters is missing/, 'filters'],
  ['twice', '/vehicles/filter?filters={}&filters={}', /filters must be given once/, 'filters'],
  [
    'not JSON',
    '/vehicles/filter?filters={%22a%22:x}',
    /not JSON: unexpected "x}" at position 5/,
    'filters',
  ],
  ['half JSON', '/vehicles/filter?filters={%22a%22:', /ends too early at position 5/, 'filters'],
  ['an array', '/vehicles/filter?filters=[]', /must be object/, 'filters (the request itself)'],
  ['wrong second encoding', '/vehicles/filter?filters=%257B%25zz', /encoded twice/, 'filters'],
  ['misspelt units', '/vehicles/VIN-1?unit=metric', /unit is not known/, 'unit'],
  [
    'unknown units',
    '/vehicles/VIN-1?units=nautical',
    /units must be one of imperial, metric/,
    'units',
  ],
  ['no VIN', '/vehicles/a', /vin must match/, 'vin'],
  ['no VIN', '/vehicles/a%20b/trips', /vin must match/, 'vin'],
  ['no VIN', '/vehicles/-x1/trouble-codes', /vin must match/, 'vin'],
  ['no VIN', '/vehicles/a/anomalies', /vin must match/, 'vin'],
  ['no box', '/vehicles/lookup', /Give bbox or filters/, 'bbox'],
  ['both', '/vehicles/lookup?bbox=0,0,1,1&filters={}', /Give bbox or filters/, 'bbox'],
  ['three numbers', '/vehicles/lookup?bbox=0,0,1', /bbox must be/, 'bbox'],
  ['a gap', '/vehicles/lookup?bbox=0,,1,1', /bbox must be/, 'bbox'],
  ['upside down', '/vehicles/lookup?bbox=0,5,1,1', /bbox: bottom and top/, 'bbox'],
  ['Infinity', '/vehicles/lookup?bbox=0,0,1,Infinity', /bbox must be/, 'bbox'],
]

t.test('wrong parameters name their field', async (t) => {
  const { get } = await startTestApp(t)
  for (const [name, url, detail, field] of urls) {
    const response = await get(url)
    t.equal(response.statusCode, 400, `${name}: ${url}`)
    t.match(response.json(), { detail, errors: [{ field }] }, `${name}: ${url}`)
  }
})

t.test('long lists have a limit', async (t) => {
  const { createQueryParser } = await import('../../src/fleet/parse-query.ts')
  const { AggregateQuery } = await import('../../src/fleet/query-schemas.ts')
  const parse = createQueryParser(AggregateQuery)
  const text = (list: string[]) => JSON.stringify({ filters: { vehicle: { make: list } } })
  t.throws(() => parse(text(longList)), { message: /^filters.vehicle.make / })
  t.doesNotThrow(() => parse(text(longList.slice(1))))
})

t.test('what is harmless is accepted', async (t) => {
  const { ask, get } = await startTestApp(t)
  const original = {
    filters: {
      software: { swVersion: '' },
      anomalies: [],
      troubleCodes: [],
      vehicle: { vin: [], make: [], model: [], year: [2019, '2020'] },
      boundaries: [[-115.384126, 35.912202, -114.947419, 36.265106]],
    },
    pagination: { offset: 0, maxResults: 20 },
    clusters: { zoom: 6 },
  }
  t.equal((await ask('/vehicles/aggregate', original)).statusCode, 200, 'the original’s own')
  const twice = encodeURIComponent(encodeURIComponent(JSON.stringify(original)))
  t.equal((await get(`/vehicles/aggregate?filters=${twice}`)).statusCode, 200, 'encoded twice')
  t.equal((await ask('/vehicles/aggregate', {})).statusCode, 200, 'nothing given')
  const { filters } = original
  const timestamp = '2020-05-10T03:55:54.125Z'
  t.equal((await ask('/vehicles/filter', { filters, timestamp })).statusCode, 200, 'timestamp')
  const open = { filters: { dates: { start: '', end: null } }, pagination: {} }
  t.strictSame((await ask('/vehicles/VIN-1/trips', open)).json(), { trips: [], offset: null })
  const wide = {
    filters: { boundaries: boxes(100).map(() => [-115.384126, 35.912202, -114.947419, 36.265106]) },
  }
  t.equal((await ask('/vehicles/aggregate', wide)).statusCode, 200, '100 boxes')
})
