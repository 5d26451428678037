import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { EVENT_STREAM_FILE } from '../../src/adapters/event-stream/embedded/log-writer.ts'
import { WavePublisher } from '../../src/submissions/wave-publisher.ts'
import { VehicleEvents } from '../../src/telemetry/vehicle-events.ts'
import { startTestApp } from '../helpers/app.ts'
import { publish, startFleetgrid, TOPICS } from '../helpers/fleetgrid.ts'
import { createIngest } from '../helpers/ingest.ts'
import {
  bytes,
  cardata,
  deviceEvent,
  dtc,
  event,
  groupEvent,
  trip,
  VIN,
} from '../helpers/messages.ts'
import { streamRecord } from '../helpers/stream-records.ts'
import { until } from '../helpers/until.ts'
import { type CallFate, createFakeStream } from '../submissions/fake-stream.ts'

/** Ingest on real stores, before a stream in memory. */
async function setUp(t: Test, decide?: (records: readonly unknown[]) => CallFate) {
  const { index: fleetIndex, deadLetters } = await startTestApp(t)
  const stream = createFakeStream(decide)
  const vehicleEvents = new VehicleEvents({
    publisher: new WavePublisher({ stream, callsMax: 4, onEvent: () => undefined }),
    ...{ onEnd: () => undefined, onSize: () => undefined },
    ...{ queueMax: 100, deadlineMs: 30_000, now: Date.now },
  })
  const published = () =>
    stream.stored.map(({ key, data }) => ({ key, ...JSON.parse(Buffer.from(data).toString()) }))
  const ingest = createIngest({ fleetIndex, deadLetters, vehicleEvents })
  return { ...ingest, deadLetters, published, calls: stream.calls }
}

t.test('which messages are published: those about one vehicle', async (t) => {
  const { deliver, published, deadLetters } = await setUp(t)
  await deliver(TOPICS.cardata, cardata())
  await deliver(TOPICS.trip, trip())
  await deliver(TOPICS.dtc, dtc('P0301'))
  await deliver(TOPICS.event, event({ VIN: VIN.toLowerCase() }))
  await deliver(TOPICS.group, groupEvent('create', { make: 'x' }))
  await deliver('fleetgrid/anomaly-records', {
    Records: [streamRecord('INSERT'), streamRecord('INSERT', { vin: 'OTHER1', sequence: 2 })],
  })
  t.same(
    published().map(({ key, vin, type }) => [key, vin, type]),
    [
      ...['cardata', 'trip', 'dtc', 'event', 'group-event', 'anomaly-record'].map((type) => [
        ...[VIN, VIN, type],
      ]),
      ['OTHER1', 'OTHER1', 'anomaly-record'],
    ],
  )
  t.match(published()[0], {
    topic: TOPICS.cardata,
    sent_at: '2026-04-06T18:27:54.762Z',
    message: cardata(),
  })
  await deliver(TOPICS.device, deviceEvent('ecu-1', 'create', { attributes: {} }))
  await deliver(TOPICS.group, groupEvent('create', {}, { objectId: '/suppliers/x', payload: '{}' }))
  await deliver(TOPICS.cardata, 'nonsense')
  t.equal(published().length, 7, 'no device, no other group, nothing unusable')
  t.equal(await deadLetters.countOpen(), 1)
})

t.test('what comes again, or late, is published as it comes, with the same id', async (t) => {
  const { deliver, published, ingest } = await setUp(t)
  const newer = cardata({ SendTimeStamp: '2026-04-06T18:30:00.000Z' })
  const older = cardata({ SendTimeStamp: '2026-04-06T18:00:00.000Z' })
  t.equal(await deliver(TOPICS.cardata, newer), 'acknowledged')
  t.equal(await deliver(TOPICS.cardata, older), 'acknowledged')
  t.equal(await deliver(TOPICS.cardata, newer), 'acknowledged')
  const letter = { topic: TOPICS.cardata, payload: bytes(older), reason: '', receivedAt: 5 }
  t.same(await ingest.redrive({ ...letter, firstReceivedAt: 5 }), { outcome: 'accepted' })
  const ids = published().map(({ event_id: id }) => id)
  t.strictSame([ids[2], ids[3]], [ids[0], ids[1]])
  t.not(ids[0], ids[1])
  t.equal(published()[3]?.received_at, '1970-01-01T00:00:00.005Z')
})

t.test('what the stream never takes is a dead letter, although it is stored', async (t) => {
  let fate: 'rejected' | 'stored' = 'rejected'
  const { deliver, published, deadLetters, ingest } = await setUp(t, (call) => call.map(() => fate))
  t.equal(await deliver(TOPICS.trip, trip()), 'acknowledged')
  t.equal(await deadLetters.countOpen(), 1)
  const letter = { topic: TOPICS.trip, payload: bytes(trip()), reason: '', receivedAt: 5 }
  t.match(await ingest.redrive({ ...letter, firstReceivedAt: 5 }), {
    outcome: 'dead-lettered',
    reason: /it is stored, but can't be published: poison/,
  })
  fate = 'stored'
  t.match(await ingest.redrive({ ...letter, firstReceivedAt: 5 }), { outcome: 'accepted' })
  t.equal(published().length, 1)
})

t.test('a sender is told when the stream has it; stopping waits for that', async (t) => {
  let isAway = true
  const { deliver, ingest, published, calls } = await setUp(t, (call) =>
    isAway ? 'fails' : call.map(() => 'stored'),
  )
  const answers: string[] = []
  const told = [1, 2].map(async (n) => answers.push(await deliver(TOPICS.trip, trip({ n }))))
  let isDrained = false
  const drained = ingest.drain().then(() => {
    isDrained = true
  })
  await until(() => calls.length > 0)
  t.same(answers, [])
  t.notOk(isDrained)
  isAway = false
  await drained
  await Promise.all(told)
  t.same(answers, ['acknowledged', 'acknowledged'])
  t.equal(published().length, 2)
})

t.test('aborted: what waits for the stream is refused', async (t) => {
  const { deliver, ingest, calls } = await setUp(t, () => 'fails')
  const told = deliver(TOPICS.trip, trip())
  await until(() => calls.length > 0)
  ingest.abort('stopping')
  t.equal(await told, 'stopping')
})

t.test('VEHICLE_EVENTS=on, over MQTT, into the embedded stream', async (t) => {
  const env = { FLEETGRID_ROLES: 'telemetry', VEHICLE_EVENTS: 'on' }
  const { connect, config, metric } = await startFleetgrid(t, env)
  const device = await connect()
  await publish(device, TOPICS.cardata, cardata())
  t.equal(await metric(/fleetgrid_messages_total\{.*outcome="stored"\}/), 1)
  await publish(device, TOPICS.dtc, dtc('P0301'))
  await publish(device, TOPICS.trip, 'nonsense')
  t.same(readLog(config), [
    [VIN, 'cardata'],
    [VIN, 'dtc'],
  ])
  t.equal(await metric(/fleetgrid_write_queue_messages\{sink="event-stream"\}/), 0)
  t.equal(await metric(/fleetgrid_vehicle_events_total\{outcome="published"\}/), 2)
  t.equal(await metric(/fleetgrid_messages_total\{.*outcome="stored"\}/), 2)
  t.equal(await metric(/fleetgrid_event_stream_records_total\{outcome="confirmed"\}/), 2)
})

t.test('dead letters are redriven into it wherever the fleet is served', async (t) => {
  const env = { FLEETGRID_ROLES: 'fleet-api', VEHICLE_EVENTS: 'on' }
  const { fleetgrid, config, get, post } = await startFleetgrid(t, env)
  const letter = { topic: TOPICS.trip, payload: bytes(trip()), reason: 'once', receivedAt: 5 }
  await fleetgrid.ports.deadLetters.keep([letter])
  const { body } = await get('/dead-letters')
  t.match(await post(`/dead-letters/${body.deadLetters[0].id}/redrive`), { status: 200 })
  t.same(readLog(config), [[VIN, 'trip']])
})

/** Key and type of each record of the embedded stream. */
function readLog({ dataDir }: { readonly dataDir: string }) {
  const db = new DatabaseSync(join(dataDir, EVENT_STREAM_FILE), { readOnly: true })
  const rows = db.prepare('SELECT key, data FROM event ORDER BY number').all()
  db.close()
  return rows.map(({ key, data }) => {
    const { type } = JSON.parse(Buffer.from(data as Uint8Array).toString())
    return [key, type]
  })
}

t.test('without it nothing is published, and no stream is opened', async (t) => {
  const { connect, config } = await startFleetgrid(t, { FLEETGRID_ROLES: 'telemetry' })
  await publish(await connect(), TOPICS.cardata, cardata())
  const path = join(config.dataDir, EVENT_STREAM_FILE)
  t.throws(() => new DatabaseSync(path, { readOnly: true }))
})
