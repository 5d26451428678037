import fc from 'fast-check'
import t from 'tap'
import {
  BUFFERED_MAX_BYTES,
  type LiveSink,
  type LiveSubscription,
  WAITING_MAX,
} from '../../src/fleet/live-client.ts'
import { createLiveVehicles, type LiveVehiclesOptions } from '../../src/fleet/live-vehicles.ts'
import { matchesFilter } from '../../src/fleet/matches-filter.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { EVERY_VEHICLE } from '../../src/ports/fleet-index.ts'
import { startTestApp } from '../helpers/app.ts'
import { type TestVehicle, vehicleChange, vehicleView } from '../helpers/vehicles.ts'

/** Keeps what it is told; `read()` is a reader that catches up. */
class TestSink implements LiveSink {
  events: { event: string; data: { vehicles: { vin: string }[]; left: string[] } }[] = []
  buffered = 0
  slow = false
  state: 'open' | 'ended' | 'destroyed' = 'open'
  #waiting: (() => void)[] = []

  write(text: string): void {
    if (this.slow) this.buffered += text.length
    const [, event = ''] = /^event: (.*)$/m.exec(text) ?? []
    const [, data = 'null'] = /^data: (.*)$/m.exec(text) ?? []
    if (event !== '') this.events.push({ event, data: JSON.parse(data) })
    for (const wake of this.#waiting.splice(0)) wake()
  }

  bufferedBytes(): number {
    return this.buffered
  }

  end(): void {
    this.state = 'ended'
  }

  destroy(): void {
    this.state = 'destroyed'
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  vins(): string[] {
    return this.events.flatMap(({ data }) => data.vehicles?.map(({ vin }) => vin) ?? [])
  }

  left(): string[] {
    return this.events.flatMap(({ data }) => data.left ?? [])
  }
}

function start(t: { after(fn: () => unknown): void }, options: Partial<LiveVehiclesOptions> = {}) {
  const metrics = createMetrics()
  const clock = { time: 1000, now: () => clock.time }
  const live = createLiveVehicles({ intervalMs: 5, clientsMax: 100, metrics, clock, ...options })
  t.after(() => live.close())
  const subscribe = (subscription: Partial<LiveSubscription> = {}) => {
    const sink = new TestSink()
    const end = live.subscribe({
      filter: EVERY_VEHICLE,
      units: 'imperial',
      expiresAt: Number.POSITIVE_INFINITY,
      sink,
      ...subscription,
    })
    return { sink, end }
  }
  return { live, metrics, clock, subscribe }
}

const east = { west: 0, south: 0, east: 10, north: 10 }
const at = (vin: string, longitude: number, more: Partial<TestVehicle> = {}) =>
  vehicleView({ vin, position: [longitude, 5], ...more })
const resyncs = async (metrics: ReturnType<typeof createMetrics>) =>
  (await metrics.streamResyncs.get()).values[0]?.value

t.test(
  'a vehicle that changes ten times between two flushes is sent once, as it is now',
  async (t) => {
    const { live, subscribe } = start(t)
    const { sink } = subscribe()
    for (let step = 1; step <= 10; step += 1) live.changed([at('VIN-A', step)])
    await sink.until(() => sink.vins().length > 0)
    t.equal(sink.events[0]?.event, 'ready')
    t.match(sink.events[1]?.data.vehicles, [
      { vin: 'VIN-A', geoLocation: { coordinates: [10, 5] } },
    ])
    t.equal(sink.vins().length, 1)
  },
)

t.test(
  'a vehicle that leaves the filter is reported once, one that was never in it never',
  async (t) => {
    const { live, subscribe } = start(t)
    live.changed([at('VIN-A', 5), at('VIN-B', 50), at('VIN-C', 5), at('VIN-D', 5)])
    const { sink } = subscribe({ filter: { ...EVERY_VEHICLE, boundaries: [east] } })
    live.changed([at('VIN-A', 60), at('VIN-B', 60)], ['VIN-C', 'VIN-UNKNOWN'])
    await sink.until(() => sink.left().length >= 3)
    t.strictSame(sink.left().sort(), ['VIN-A', 'VIN-C', 'VIN-UNKNOWN'])
    live.changed([at('VIN-A', 70), at('VIN-D', 6)])
    await sink.until(() => sink.vins().length > 0)
    t.strictSame(sink.vins(), ['VIN-D'])
    t.strictSame(sink.left().sort(), ['VIN-A', 'VIN-C', 'VIN-UNKNOWN'])
  },
)

t.test(
  'in and out between two flushes is still reported: a query may have seen it inside',
  async (t) => {
    const { live, subscribe } = start(t)
    live.changed([at('VIN-A', 50)])
    const { sink } = subscribe({ filter: { ...EVERY_VEHICLE, boundaries: [east] } })
    live.changed([at('VIN-A', 5)])
    live.changed([at('VIN-A', 50)])
    await sink.until(() => sink.left().length > 0)
    t.strictSame([sink.vins(), sink.left()], [[], ['VIN-A']])
  },
)

t.test('each vehicle is rendered once for all streams of the same units', async (t) => {
  const { live, subscribe } = start(t)
  const sinks = [subscribe(), subscribe(), subscribe({ units: 'metric' })].map(({ sink }) => sink)
  let rendered = 0
  const view = at('VIN-A', 1)
  const counting = new Proxy(view, {
    get(target, key) {
      if (key === 'color') rendered += 1
      return Reflect.get(target, key)
    },
  })
  live.changed([counting])
  for (const sink of sinks) await sink.until(() => sink.vins().length > 0)
  t.equal(rendered, 2)
})

t.test(
  'nothing is written to a slow reader; it gets what it missed when it has caught up',
  async (t) => {
    const { live, subscribe, metrics } = start(t)
    const { sink } = subscribe()
    sink.buffered = BUFFERED_MAX_BYTES + 1
    const other = subscribe().sink
    live.changed([at('VIN-A', 1), at('VIN-B', 1)])
    await other.until(() => other.vins().length === 2)
    live.changed([at('VIN-A', 2)])
    await other.until(() => other.vins().length === 3)
    t.strictSame(sink.vins(), [])
    sink.buffered = 0
    await sink.until(() => sink.vins().length > 0)
    t.strictSame(sink.vins().sort(), ['VIN-A', 'VIN-B'])
    t.equal(await resyncs(metrics), 0)
  },
)

t.test(
  'a reader that is too slow has to load anew, and what waits for it is bounded',
  async (t) => {
    const { live, subscribe, metrics } = start(t)
    const { sink } = subscribe()
    sink.slow = true
    const other = subscribe().sink
    const views = Array.from({ length: 3 * WAITING_MAX }, (_, index) => at(`VIN-${index}`, 1))
    live.changed(views)
    await other.until(() => other.vins().length === views.length)
    live.changed(views)
    await other.until(() => other.vins().length === 2 * views.length)
    t.equal(await resyncs(metrics), 1)
    t.ok(sink.buffered < 2 * BUFFERED_MAX_BYTES, 'one event beyond the limit at most')
    const written = sink.vins().length
    sink.slow = false
    sink.buffered = 0
    await sink.until(() => sink.events.at(-1)?.event === 'resync')
    t.equal(sink.vins().length, written, 'what it missed is not sent piecemeal')
    live.changed([at('VIN-0', 2)])
    await sink.until(() => sink.vins().length > written)
    t.equal(sink.vins().at(-1), 'VIN-0', 'and the stream goes on')
  },
)

t.test('many changes for many streams are sent whole, in turns', async (t) => {
  const { live, subscribe } = start(t)
  const sinks = Array.from({ length: 50 }, () => subscribe().sink)
  live.changed(Array.from({ length: 2000 }, (_, index) => at(`VIN-${index}`, 1)))
  await Promise.all(sinks.map((sink) => sink.until(() => sink.vins().length === 2000)))
  for (const sink of sinks) t.equal(new Set(sink.vins()).size, 2000)
})

t.test('an expired token ends the stream with a word', async (t) => {
  const { subscribe, clock, metrics } = start(t)
  const { sink } = subscribe({ expiresAt: 5000 })
  clock.time = 5000
  await sink.until(() => sink.events.at(-1)?.event === 'bye')
  t.equal(sink.state, 'ended')
  t.match(sink.events.at(-1)?.data, { reason: /expired/ })
  t.equal((await metrics.streamClients.get()).values[0]?.value, 0)
})

t.test('closing says good-bye and waits for nobody', async (t) => {
  const { live, subscribe } = start(t)
  const { sink } = subscribe()
  const stuck = subscribe().sink
  stuck.buffered = BUFFERED_MAX_BYTES + 1
  live.close()
  t.equal(sink.events.at(-1)?.event, 'bye')
  t.strictSame([sink.state, stuck.state], ['ended', 'destroyed'])
  t.throws(() => subscribe(), { message: /stopping/ })
})

t.test('more than the allowed number of streams are refused until one ends', async (t) => {
  const { subscribe, metrics } = start(t, { clientsMax: 1 })
  const { end } = subscribe()
  t.throws(() => subscribe(), { message: /All 1 live/ })
  end()
  end()
  t.doesNotThrow(() => subscribe())
  t.equal((await metrics.streamClients.get()).values[0]?.value, 1)
})

t.test('in memory a filter means what it means in the index', async (t) => {
  const { write, index } = await startTestApp(t)
  const some = <T>(...values: T[]) => fc.subarray(values)
  const vehicle = fc.record({
    position: fc.option(
      fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -2, max: 2 })),
      {
        nil: undefined,
      },
    ),
    make: fc.constantFrom('A', 'B', undefined),
    model: fc.constantFrom('1', '2', undefined),
    year: fc.constantFrom(2015, 2016, undefined),
    versions: some('1.0', '2.0', undefined),
    troubleCodes: some('P1', 'P2', 'P3'),
    anomalies: some('OilTemp', 'Tyre'),
  })
  const samples = fc.sample(vehicle, { numRuns: 300, seed: 1104 })
  const fleet = samples.map(({ position, make, model, year, versions, ...lists }, number) => ({
    vin: `VIN-${number}`,
    ...(position === undefined ? {} : { position }),
    ...(make === undefined ? {} : { make }),
    ...(model === undefined ? {} : { model }),
    ...(year === undefined ? {} : { year }),
    devices: versions.map((version, device) => ({
      deviceid: `d${number}-${device}`,
      ...(version === undefined ? {} : { softwareversion: version }),
    })),
    ...lists,
  }))
  await write(...fleet.map(vehicleChange))
  const views = fleet.map(vehicleView)
  const box = fc
    .tuple(fc.integer({ min: -3, max: 0 }), fc.integer({ min: 0, max: 3 }))
    .map(([low, high]) => ({ west: low, south: low, east: high, north: high }))
  const filter = fc.record({
    boundaries: fc.array(box, { maxLength: 2 }),
    vins: fc.constantFrom([], ['VIN-1', 'VIN-2', 'VIN-X']),
    makes: some('A', 'C'),
    models: some('1'),
    modelYears: some(2015, 1999),
    version: fc.constantFrom(undefined, '1.0', '9.9'),
    troubleCodes: some('P1', 'P9'),
    anomalies: some('OilTemp', 'None'),
  })
  for (const { version, ...lists } of fc.sample(filter, { numRuns: 100, seed: 2011 })) {
    const wanted = { ...lists, ...(version === undefined ? {} : { softwareVersion: version }) }
    const inMemory = views.filter((view) => matchesFilter(view, wanted)).map(({ vin }) => vin)
    const inIndex: string[] = []
    const found = await index.filterVehicles(wanted, 10_000)
    for await (const piece of found.vehicles) inIndex.push(...piece.map(({ vin }) => vin))
    t.strictSame(inMemory.sort(), inIndex.sort(), JSON.stringify(wanted))
  }
})
