import polyline from '@mapbox/polyline'
import t from 'tap'
import { startTestApp } from '../helpers/app.ts'
import {
  conditionRecord,
  eventRecord,
  readingRecord,
  THEN,
  tripRecord,
  vehicleChange,
} from '../helpers/vehicles.ts'

t.test('trips and events come newest first, in pages, between dates', async (t) => {
  const { write, ask, get } = await startTestApp(t)
  const days = Array.from({ length: 5 }, (_, index) => THEN + index * 86_400_000)
  await write(
    ...days.map((at, index) => tripRecord('VIN-A', at, { tripid: `T${index}` }, `T${index}`)),
    ...days.map((at, index) =>
      eventRecord('VIN-A', at, {
        messageid: `M${index}`,
        creationtimestamp: new Date(at).toISOString(),
        alert: { body: { doorstatus: 'LR Open' } },
      }),
    ),
    tripRecord('VIN-B', THEN, { tripid: 'other' }, 'other'),
  )
  const ids: string[] = []
  let offset: number | null = 0
  while (offset !== null) {
    const page: { trips: { tripId: string }[]; offset: number | null } = (
      await ask('/vehicles/vin-a/trips', { pagination: { offset, maxResults: 2 } })
    ).json()
    ids.push(...page.trips.map(({ tripId }) => tripId))
    offset = page.offset
  }
  t.strictSame(ids, ['T4', 'T3', 'T2', 'T1', 'T0'])
  const dates = { start: '2020-11-05T00:00:00Z', end: '2020-11-06T23:59:59Z' }
  const between = (await ask('/vehicles/VIN-A/events', { filters: { dates } })).json()
  t.strictSame(between, {
    events: [
      {
        messageId: 'M2',
        creationtimestamp: '2020-11-06T16:28:39.768Z',
        alert: { body: { doorstatus: 'LR Open' } },
      },
      {
        messageId: 'M1',
        creationtimestamp: '2020-11-05T16:28:39.768Z',
        alert: { body: { doorstatus: 'LR Open' } },
      },
    ],
    offset: null,
  })
  const since = (
    await ask('/vehicles/VIN-A/trips', { filters: { dates: { start: '2020-11-08', end: '' } } })
  ).json()
  t.match(since.trips, [{ tripId: 'T4' }])
  t.strictSame((await get('/vehicles/VIN-X/trips')).json(), { trips: [], offset: null })
  t.strictSame((await get('/vehicles/VIN-X/events')).json(), { events: [], offset: null })
})

t.test('an event of any shape is shown, as far as it goes', async (t) => {
  const { write, get } = await startTestApp(t)
  await write(eventRecord('VIN-A', THEN, { messageid: 7, alert: null }))
  t.strictSame((await get('/vehicles/VIN-A/events')).json().events, [{ alert: {} }])
})

t.test('defect 6: trouble codes and anomalies have lives', async (t) => {
  const { write, get } = await startTestApp(t)
  await write(
    vehicleChange({ vin: 'VIN-A', troubleCodes: ['P2'] }),
    conditionRecord('dtc', 'VIN-A', THEN, 'P1', true),
    conditionRecord('dtc', 'VIN-A', THEN + 1000, 'P1', true),
    conditionRecord('dtc', 'VIN-A', THEN + 2000, 'P1', false),
    conditionRecord('dtc', 'VIN-A', THEN + 3000, 'P2', true),
    conditionRecord('anomaly', 'VIN-A', THEN, 'OilTemp', true),
  )
  const { troubleCodes } = (await get('/vehicles/vin-a/trouble-codes')).json()
  t.match(
    troubleCodes.find(({ id }: { id: string }) => id === 'P1'),
    {
      active: false,
      count: 2,
      firstSeen: '2020-11-04T16:28:39.768Z',
      lastSeen: '2020-11-04T16:28:40.768Z',
      clearedAt: '2020-11-04T16:28:41.768Z',
    },
  )
  t.match(
    troubleCodes.find(({ id }: { id: string }) => id === 'P2'),
    { count: 1, clearedAt: undefined },
  )
  t.match((await get('/vehicles/VIN-A/anomalies')).json(), {
    anomalies: [{ id: 'OilTemp', count: 1, firstSeen: '2020-11-04T16:28:39.768Z' }],
  })
  t.strictSame((await get('/vehicles/VIN-X/trouble-codes')).json(), { troubleCodes: [] })
  t.strictSame((await get('/vehicles/VIN-X/anomalies')).json(), { anomalies: [] })
})

t.test(
  'defect 11: a round trip keeps its revisited points, and all of more than 10,000',
  async (t) => {
    const { write, get } = await startTestApp(t)
    // Ten times round the same block, each point visited again and again.
    const points = Array.from({ length: 12_345 }, (_, index): [number, number] => {
      const angle = ((index % 1200) / 1200) * 2 * Math.PI
      return [
        Math.round((36.1 + 0.05 * Math.sin(angle)) * 1e5) / 1e5,
        Math.round((-115.2 + 0.05 * Math.cos(angle)) * 1e5) / 1e5,
      ]
    })
    const changes = points.map(([latitude, longitude], index) =>
      readingRecord('VIN-A', THEN + index * 2000, 'round', { latitude, longitude }),
    )
    await write(...changes, readingRecord('VIN-A', THEN - 2000, 'round'))
    const response = await get('/vehicles/route/round')
    t.equal(response.statusCode, 200)
    t.strictSame(polyline.decode(response.json().geometry), points)
  },
)

t.test('routes that are not there say why', async (t) => {
  const { write, get } = await startTestApp(t)
  await write(readingRecord('VIN-A', THEN, 'dark'))
  const unknown = await get('/vehicles/route/unknown')
  t.match(unknown.json(), { status: 404, detail: /^No Trip data/ })
  const dark = await get('/vehicles/route/dark')
  t.match(dark.json(), { status: 404, detail: /^No Route data/ })
  t.equal((await get(`/vehicles/route/${'x'.repeat(257)}`)).statusCode, 414)
})

t.test('static paths come before {vin}', async (t) => {
  const { get } = await startTestApp(t)
  t.match((await get('/vehicles/aggregate')).json().errors, [{ field: 'filters' }])
  t.match((await get('/vehicles/route/trips')).json().detail, /Trip data/)
  t.match((await get('/vehicles/route')).json().detail, /Vehicle data/)
})
