import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import type { LiveSink } from '../../src/fleet/live-client.ts'
import type { Metrics } from '../../src/http/metrics.ts'
import { EVERY_VEHICLE } from '../../src/ports/fleet-index.ts'
import { startTestApp } from '../helpers/app.ts'
import { openStream } from '../helpers/event-stream.ts'
import { vehicleView } from '../helpers/vehicles.ts'

const query = (value: unknown) => `filters=${encodeURIComponent(JSON.stringify(value))}`

t.test('a stream begins with ready and sends what changes and matches', async (t) => {
  const { app, live, token } = await startTestApp(t)
  const box = query({ filters: { boundaries: [[0, 0, 10, 10]] }, clusters: { zoom: 3 } })
  const stream = await openStream(app, `/vehicles/stream?${box}&units=metric`, token('viewer'))
  t.after(() => stream.close())
  t.equal(stream.response.statusCode, 200)
  t.match(stream.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': /no-store/,
    'x-request-id': String,
    'x-content-type-options': 'nosniff',
  })
  t.match(await stream.next(), { event: 'ready', data: { intervalMs: 10 } })
  const telemetry = { fuel: 10 }
  live.changed([
    vehicleView({ vin: 'VIN-A', position: [5, 5], telemetry }),
    vehicleView({ vin: 'VIN-B', position: [50, 5] }),
  ])
  t.match(await stream.next(), {
    event: 'vehicles',
    data: { vehicles: [{ vin: 'VIN-A', telemetry: { fuelLevel: 10 } }] },
  })
  live.changed([vehicleView({ vin: 'VIN-A', position: [55, 5] })])
  t.match(await stream.next(), { event: 'vehicles', data: { vehicles: [], left: ['VIN-A'] } })
})

t.test('an expired token ends the stream', async (t) => {
  const { app, token, clock } = await startTestApp(t)
  const stream = await openStream(app, '/vehicles/stream', token('viewer'))
  t.match(await stream.next(), { event: 'ready' })
  clock.time += 3_700_000
  t.match(await stream.next(), { event: 'bye', data: { reason: /token has expired/ } })
  t.equal(await stream.next(), undefined)
})

t.test('a comment keeps a quiet stream open', async (t) => {
  const { app, live, token } = await startTestApp(t, { heartbeatIntervalMs: 5, intervalMs: 50 })
  const stream = await openStream(app, '/vehicles/stream', token('viewer'))
  t.after(() => stream.close())
  await stream.next()
  live.changed([vehicleView({ vin: 'VIN-A' })])
  await stream.next()
  t.ok(stream.comments.length > 0)
})

t.test('closing the server says good-bye and then closes', async (t) => {
  const { app, token } = await startTestApp(t)
  const stream = await openStream(app, '/vehicles/stream', token('viewer'))
  t.match(await stream.next(), { event: 'ready' })
  const closed = app.close()
  t.match(await stream.next(), { event: 'bye', data: { reason: /stopping/ } })
  t.equal(await stream.next(), undefined)
  await closed
})

t.test('one stream too many is 503 with Retry-After, and a closed one makes room', async (t) => {
  const { app, get, token, metrics } = await startTestApp(t, { clientsMax: 1 })
  const stream = await openStream(app, '/vehicles/stream', token('viewer'))
  await stream.next()
  const refused = await get('/vehicles/stream')
  t.equal(refused.statusCode, 503)
  t.ok(refused.headers['retry-after'])
  t.match(refused.json().detail, /All 1 live streams/)
  const gone = new Promise<void>((resolve) => {
    const set = metrics.streamClients.set.bind(metrics.streamClients)
    metrics.streamClients.set = ((value: number) => {
      set(value)
      if (value === 0) resolve()
    }) as typeof metrics.streamClients.set
  })
  stream.close()
  await gone
  const again = await openStream(app, '/vehicles/stream', token('viewer'))
  t.match(await again.next(), { event: 'ready' })
  again.close()
})

t.test('a client that never reads costs a bounded buffer, and is told to load anew', async (t) => {
  const { app, live, token, metrics } = await startTestApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const opened = once(app.server, 'connection')
  const socket = connect({ port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  socket.pause()
  socket.write(
    `GET /vehicles/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token('viewer')}\r\n\r\n`,
  )
  const [serverSide] = await opened
  const fast = new FastReader()
  const expiresAt = Number.POSITIVE_INFINITY
  live.subscribe({ filter: EVERY_VEHICLE, units: 'imperial', expiresAt, sink: fast })
  const vehicles = Array.from({ length: 6000 }, (_, index) =>
    vehicleView({ vin: `VIN-${index}`, position: [1, 1], make: 'x'.repeat(500) }),
  )
  let most = 0
  for (let round = 1; (await resyncCount(metrics)) === 0; round += 1) {
    t.ok(round < 50, `round ${round}`)
    live.changed(vehicles)
    await fast.until(round * vehicles.length)
    most = Math.max(most, serverSide.writableLength)
  }
  t.ok(most < 1_000_000, `${most} bytes at most`)
  let text = ''
  socket.setEncoding('utf8')
  for await (const chunk of socket) {
    text = (text + chunk).slice(-100_000)
    if (text.includes('event: resync')) break
  }
  t.match(text, /event: resync/)
})

/** Takes everything at once, and tells how far the stream has come. */
class FastReader implements LiveSink {
  #seen = 0
  #wake = (): void => {}

  write(text: string): void {
    this.#seen += text.split('"vin"').length - 1
    this.#wake()
  }

  async until(count: number): Promise<void> {
    while (this.#seen < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  bufferedBytes(): number {
    return 0
  }

  end(): void {}

  destroy(): void {}
}

async function resyncCount(metrics: Metrics): Promise<number> {
  return (await metrics.streamResyncs.get()).values[0]?.value ?? 0
}
