import fc from 'fast-check'
import type { Test } from 'tap'
import type { JsonObject } from '../../src/domain/json.ts'
import { emptyStatus } from '../../src/domain/vehicle.ts'
import type { FleetChange, HistoryRecord } from '../../src/ports/fleet-index.ts'
import {
  FIRST_PAGE,
  HERE,
  record,
  START,
  stamp,
  telemetry,
  troubleCodeChanges,
  vinOf,
} from './fleet-changes.ts'
import type { Subject } from './fleet-index.ts'
import { SEED } from './fleet-index-writes.ts'

const VIN = vinOf(1)
const DAY_MS = 86_400_000

export async function historyContract(t: Test, subject: (t: Test) => Promise<Subject>) {
  t.test('trips and events come newest first, in the time asked for', async (t) => {
    const { index, write } = await subject(t)
    for (const kind of ['trip', 'event'] as const) {
      await write(
        record(kind, VIN, 2000, 'b'),
        record(kind, VIN, 4000, 'd'),
        record(kind, VIN, 1000, 'a'),
        record(kind, VIN, 3000, 'c'),
        record(kind, vinOf(2), 3000, 'other'),
      )
      const list = kind === 'trip' ? index.trips.bind(index) : index.events.bind(index)
      const all = await list({ vin: VIN, page: FIRST_PAGE })
      t.strictSame(ids(all.items), ['d', 'c', 'b', 'a'])
      const some = { from: START + 2000, to: START + 3000 }
      const part = await list({ vin: VIN, ...some, page: FIRST_PAGE })
      t.strictSame(ids(part.items), ['c', 'b'], 'both ends belong to it')
      t.strictSame((await list({ vin: 'NOBODY', page: FIRST_PAGE })).items, [])
    }
  })

  t.test('pages of trips neither skip nor repeat while late ones arrive', async (t) => {
    const { index, write } = await subject(t)
    await write(...[0, 0, 0, 10, 10, 20, 30].map((at, n) => record('trip', VIN, at, `trip-${n}`)))
    const seen: string[] = []
    let after: number | undefined = 0
    for (let page = 0; after !== undefined; page += 1) {
      const { items, next }: { items: readonly JsonObject[]; next: number | undefined } =
        await index.trips({ vin: VIN, page: { after, limit: 2 } })
      seen.push(...ids(items))
      after = next
      await write(record('trip', VIN, 5 + page * 10, `late-${page}`))
    }
    const original = seen.filter((id) => id.startsWith('trip'))
    t.strictSame(
      [...original].sort(),
      [0, 1, 2, 3, 4, 5, 6].map((number) => `trip-${number}`),
    )
    t.equal(new Set(seen).size, seen.length)
    const { next } = await index.trips({ vin: VIN, page: { after: 0, limit: 1000 } })
    t.equal(next, undefined)
  })

  t.test('pages go on also where a clock is far off', async (t) => {
    const { index, write } = await subject(t)
    const times = [
      '1970-01-01',
      '1970-01-02',
      '2026-11-20',
      '2040-01-01',
      '2099-12-31',
      '9998-01-01',
    ]
    const trips = times.map((time) => record('trip', VIN, Date.parse(time) - START, time))
    const twins = ['a', 'b', 'c'].map((id) =>
      record('trip', VIN, Date.parse('2099-12-31') - START, id),
    )
    await write(...trips, ...twins)
    const seen: string[] = []
    let after: number | undefined = 0
    while (after !== undefined) {
      const { items, next }: { items: readonly JsonObject[]; next: number | undefined } =
        await index.trips({ vin: VIN, page: { after, limit: 1 } })
      t.equal(items.length, 1)
      if (next !== undefined) t.ok(next > 0 && Number.isSafeInteger(next), `${next}`)
      seen.push(...ids(items))
      after = next
    }
    t.equal(seen.length, 9)
    t.strictSame(
      seen.filter((id) => id.includes('-')),
      times.toReversed(),
    )
  })

  t.test('defect 11: a route keeps revisited points, in order of send time', async (t) => {
    const { index, write } = await subject(t)
    const there = { longitude: 12, latitude: 48 }
    const points = [HERE, there, there, HERE, undefined, HERE]
    const changes = points.map((position, at) =>
      telemetry(VIN, at * 5000, { position, tripId: 'T' }),
    )
    await write(...changes.toReversed())
    await write(telemetry(VIN, 99, { position: there, tripId: 'other' }))
    await write(telemetry(VIN, 30_000, { tripId: 'dark' }))
    t.strictSame(await index.route('T'), [HERE, there, there, HERE, HERE])
    t.strictSame(await index.route('dark'), [], 'known, but never with a position')
    t.equal(await index.route('unknown'), undefined)
  })

  t.test('a route has all its points: days, pauses, equal times, before 1970', async (t) => {
    const { index, write } = await subject(t)
    const times = Array.from({ length: 10_500 }, (_, number) => number * 2000)
    times.push(3 * DAY_MS, 3 * DAY_MS + 1, 40 * DAY_MS, -START - 1, -START, -START - 5000)
    const position = (at: number) => ({ longitude: (at % 3600) / 20, latitude: 48 })
    const changes = times.map((at) =>
      telemetry(VIN, at, { tripId: 'long', position: position(at) }),
    )
    const twin = telemetry(VIN, 0, { id: 'twin', tripId: 'long', position: HERE })
    await write(...changes, twin)
    const route = await index.route('long')
    times.sort((left, right) => left - right)
    const expected = times.flatMap((at) => (at === 0 ? [position(0), HERE] : [position(at)]))
    t.equal(route?.length, expected.length)
    t.strictSame(route, expected)
  })

  t.test('a trouble code is raised, repeated, cleared and raised again', async (t) => {
    const { index, write } = await subject(t)
    const [raised, repeated, cleared, again, all] = troubleCodeChanges(VIN, [
      { at: 1000, code: 'P0301', raises: true },
      { at: 2000, code: 'P0301', raises: true },
      { at: 3000, code: 'P0301', raises: false },
      { at: 4000, code: 'P0301', raises: true },
      { at: 5000, raises: false },
    ])
    const steps: [FleetChange | undefined, object][] = [
      [raised, { active: true, count: 1, firstSeenAt: START + 1000, lastSeenAt: START + 1000 }],
      [repeated, { active: true, count: 2, firstSeenAt: START + 1000, lastSeenAt: START + 2000 }],
      [
        cleared,
        {
          ...{ active: false, count: 2, firstSeenAt: START + 1000, lastSeenAt: START + 2000 },
          clearedAt: START + 3000,
        },
      ],
      [again, { active: true, count: 1, firstSeenAt: START + 4000, lastSeenAt: START + 4000 }],
      [
        all,
        {
          ...{ active: false, count: 1, firstSeenAt: START + 4000, lastSeenAt: START + 4000 },
          clearedAt: START + 5000,
        },
      ],
    ]
    for (const [change, expected] of steps) {
      await write(change ?? { history: [] })
      t.strictSame(await index.troubleCodes(VIN), [{ id: 'P0301', ...expected }])
      const active = (await index.latestVehicle(VIN))?.troubleCodes
      t.strictSame(active, 'clearedAt' in expected ? [] : ['P0301'])
    }
    t.strictSame(await index.troubleCodes('NOBODY'), [])
  })

  t.test('trouble codes end alike in any order of arrival', async (t) => {
    t.comment(`seed ${SEED}`)
    const reports = [
      { at: 1, code: 'A', raises: true },
      { at: 2, code: 'B', raises: true },
      { at: 3, code: 'A', raises: true },
      { at: 4, code: 'A', raises: false },
      { at: 5, code: 'A', raises: true },
      { at: 6, raises: false },
      { at: 7, code: 'B', raises: true },
      { at: 8, code: 'B', raises: true },
    ]
    const life = { firstSeenAt: START + 5, lastSeenAt: START + 5, clearedAt: START + 6 }
    const expected = [
      { id: 'A', active: false, count: 1, ...life },
      { id: 'B', active: true, count: 2, firstSeenAt: START + 7, lastSeenAt: START + 8 },
    ]
    const { index, write } = await subject(t)
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(reports, { minLength: 8 }), async (order) => {
        runs += 1
        const vin = vinOf(runs)
        for (const change of troubleCodeChanges(vin, order)) await write(change)
        t.strictSame(await index.troubleCodes(vin), expected)
        if (!t.passing()) throw new Error('this order ends differently')
      }),
      { seed: SEED, numRuns: 25 },
    )
  })

  t.test('anomalies are counted since they were last cleared', async (t) => {
    const { index, write } = await subject(t)
    const history = [1000, 2000, 4000].map(
      (at): HistoryRecord => ({
        ...{ index: 'anomaly', vin: VIN, at: START + at, id: `a-${at}` },
        ...{ condition: 'OilTemp', document: '{}' },
      }),
    )
    const anomalies = { OilTemp: { raised: stamp(4000), cleared: stamp(1500), value: 290 } }
    await write({ history, statuses: [{ ...emptyStatus(VIN), revision: 1, anomalies }] })
    t.strictSame(await index.anomalies(VIN), [
      {
        id: 'OilTemp',
        active: true,
        count: 2,
        firstSeenAt: START + 2000,
        lastSeenAt: START + 4000,
      },
    ])
    t.strictSame(await index.troubleCodes(VIN), [])
  })

  t.test('history is dropped by whole days; what is latest stays', async (t) => {
    const { index, write } = await subject(t)
    const midnight = Math.floor(START / DAY_MS) * DAY_MS - START
    for (const at of [midnight - DAY_MS, midnight - 1, midnight, midnight + 1]) {
      const trip = record('trip', VIN, at, `trip-${at}`)
      const event = record('event', VIN, at, `event-${at}`)
      await write(trip, event, telemetry(VIN, at, { tripId: `T${at}`, position: HERE }))
    }
    const reports = [midnight - 1, midnight].map((at) => ({ at, code: 'P1', raises: true }))
    await write(...troubleCodeChanges(VIN, reports))
    t.equal(await index.dropHistory(START), 7)
    t.equal(await index.dropHistory(START), 0)
    const trips = await index.trips({ vin: VIN, page: FIRST_PAGE })
    t.strictSame(ids(trips.items), [`trip-${midnight + 1}`, `trip-${midnight}`])
    t.equal((await index.events({ vin: VIN, page: FIRST_PAGE })).items.length, 2)
    t.equal(await index.route(`T${midnight - 1}`), undefined)
    t.strictSame(await index.route(`T${midnight}`), [HERE])
    t.equal((await index.troubleCodes(VIN))[0]?.count, 1)
    t.equal(await index.dropHistory(START + 2 * DAY_MS), 7)
    const view = await index.latestVehicle(VIN)
    t.equal(view?.telemetry?.odometerKm, midnight + 1)
    t.strictSame(view?.position, HERE)
    t.strictSame(view?.troubleCodes, ['P1'])
    t.equal((await index.troubleCodes(VIN))[0]?.count, 1, 'the status remembers the last raise')
  })
}

function ids(items: readonly JsonObject[]): string[] {
  return items.map((item) => String(item['messageid']))
}
