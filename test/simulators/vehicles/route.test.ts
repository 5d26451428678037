import t from 'tap'
import {
  buildRoute,
  endOf,
  findSegment,
  measureDistanceM,
  measureHeadingDeg,
  placeAt,
  reverseRoute,
  startOf,
  turnDeg,
} from '../../../simulators/vehicles/route.ts'
import { loadRouteCatalog } from '../../../simulators/vehicles/route-catalog.ts'

const facts = { id: 'x', name: 'X', profile: 'normal', triggers: [] }
const equator = buildRoute(facts, [
  { latitude: 0, longitude: 0 },
  { latitude: 0, longitude: 0.01 },
  { latitude: 0.01, longitude: 0.01 },
])

t.test('distances and headings are those of the globe', async (t) => {
  t.equal(Math.round(equator.lengthM), 2224)
  const [paris, newYork] = [
    { latitude: 48.8566, longitude: 2.3522 },
    { latitude: 40.7128, longitude: -74.006 },
  ]
  t.equal(Math.round(measureDistanceM(paris, newYork) / 1000), 5837)
  t.equal(measureHeadingDeg({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 1 }), 90)
  t.equal(measureHeadingDeg({ latitude: 1, longitude: 0 }, { latitude: 0, longitude: 0 }), 180)
  t.equal(turnDeg(350, 20), 30)
  t.equal(turnDeg(20, 350), -30)
})

t.test('a place is found by its distance from the start', async (t) => {
  const quarter = placeAt(equator, equator.lengthM / 4, 0)
  t.ok(Math.abs(quarter.longitude - 0.005) < 1e-6)
  t.equal(quarter.latitude, 0)
  t.equal(quarter.headingDeg, 90)
  const segment = findSegment(equator, equator.lengthM * 0.75)
  t.equal(segment, 1)
  const later = placeAt(equator, equator.lengthM * 0.75, segment)
  t.ok(Math.abs(later.latitude - 0.005) < 1e-6)
  t.equal(later.headingDeg, 0)
  t.match(placeAt(equator, 1e9, 1), { latitude: 0.01, longitude: 0.01 }, 'never beyond the end')
})

t.test('the way back has the same length and the ends swapped', async (t) => {
  const back = reverseRoute(equator)
  t.ok(Math.abs(back.lengthM - equator.lengthM) < 1e-6)
  t.same(startOf(back), endOf(equator))
  t.same(endOf(back), startOf(equator))
})

t.test('a route needs two points', async (t) => {
  t.throws(() => buildRoute(facts, [{ latitude: 0, longitude: 0 }]), RangeError)
})

t.test('all 18 routes are there, with triggers and the lengths of their geometry', async (t) => {
  const { routes } = loadRouteCatalog()
  t.equal(routes.length, 18)
  t.equal(new Set(routes.map(({ id }) => id)).size, 18)
  const kilometres = Object.fromEntries(routes.map(({ id, lengthM }) => [id, lengthM / 1000]))
  t.ok(Math.abs((kilometres['8vzIj4k8'] ?? 0) - 17.143) < 0.001, 'as its source says')
  t.ok(Math.abs((kilometres['route-d'] ?? 0) - 46.03) < 0.001)
  t.same(new Set(routes.map(({ profile }) => profile)), new Set(['normal', 'aggressive']))
  const triggers = routes.flatMap((route) => route.triggers)
  t.same(
    ['brake', 'dtc', 'oiltemp'].map((type) =>
      triggers.reduce((sum, next) => sum + (next.type === type ? next.occurrences : 0), 0),
    ),
    [46, 8, 4],
  )
})

t.test('from the end of every route a vehicle can drive on', async (t) => {
  const catalog = loadRouteCatalog()
  for (const route of catalog.routes) {
    const next = catalog.nextRoutes(route)
    t.ok(next.length > 0, route.id)
    for (const { id, ...following } of next) {
      t.ok(
        measureDistanceM(endOf(route), startOf({ id, ...following })) <= 250,
        `${route.id} ${id}`,
      )
      t.ok(catalog.nextRoutes({ id, ...following }).length > 0)
    }
  }
})

t.test('speed limits let a car brake in time and end at a standstill', async (t) => {
  const catalog = loadRouteCatalog()
  for (const route of catalog.routes) {
    const { vertexMps, roadMps } = catalog.limitsOf(route)
    t.equal(vertexMps.at(-1), 0)
    t.ok(vertexMps.slice(0, -1).every((speed) => speed > 0))
    t.ok(roadMps.every((speed) => speed >= 10 && speed <= 30))
  }
})
