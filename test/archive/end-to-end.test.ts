import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { publish, type RunningFleetgrid, startFleetgrid, TOPICS } from '../helpers/fleetgrid.ts'
import { bytes, cardata, groupEvent, VIN } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'

t.test('what devices publish is kept raw, with its topic, before it is acknowledged', async (t) => {
  const { connect, fleetgrid, metric } = await startFleetgrid(t, {
    ARCHIVE: 'embedded',
    ARCHIVE_BUFFER_S: '1',
  })
  const device = await connect()
  const topic = 'dt/cvra/ECU-1/cardata'
  await device.publishAsync(topic, bytes(cardata()), { qos: 1 })
  await device.publishAsync(topic, 'nonsense', { qos: 1 })
  t.equal(await metric(/fleetgrid_archived_messages_total\{outcome="archived"\}/), 2)
  const { objectStore } = fleetgrid.ports
  const objects = await until(async () => {
    const page = await objectStore.list('archive/')
    return page.objects.length > 0 ? page.objects : undefined
  })
  const keys = objects.map(({ key }) => key)
  const hour = new Date().toISOString().slice(0, 11).replaceAll(/[-T]/g, '/')
  t.ok(keys[0]?.startsWith(`archive/${hour}`), `${keys[0]}`)
  const bodies = await Promise.all(keys.map((key) => objectStore.get(key)))
  const lines = Buffer.concat(bodies.map((body) => gunzipSync(body ?? '')))
    .toString()
    .trim()
    .split('\n')
  const documents = lines.map((line) => JSON.parse(line))
  const now = Date.now()
  for (const { received_at } of documents) {
    t.ok(Date.parse(received_at) > now - 60_000 && Date.parse(received_at) <= now, received_at)
  }
  t.strictSame(
    documents.map(({ received_at: _, ...document }) => document),
    [
      { topic, ...JSON.parse(bytes(cardata()).toString()) },
      { topic, payload_base64: Buffer.from('nonsense').toString('base64') },
    ],
  )
})

t.test('a time of the archive once more, into an index that has lost it', async (t) => {
  const topic = 'dt/cvra/ECU-1/cardata'
  const first = await startFleetgrid(t, { ARCHIVE: 'embedded', ARCHIVE_BUFFER_S: '1' })
  const device = await first.connect()
  for (let n = 0; n < 20; n += 1) {
    const message = cardata({ SendTimeStamp: timeOf(n) })
    await device.publishAsync(topic, bytes(message), { qos: 1 })
  }
  await device.publishAsync(topic, 'nonsense', { qos: 1 })
  // A line end for some, not for JSON.
  await device.publishAsync(topic, '{"topic":"a\u2028b"}', { qos: 1 })
  await until(async () => (await first.metric(/fleetgrid_archive_objects_total/)) > 0)
  await first.fleetgrid.ports.archive?.flush()
  const { objects } = await first.fleetgrid.ports.objectStore.list('archive/')

  const second = await startFleetgrid(t, { ARCHIVE: 'embedded', ARCHIVE_BUFFER_S: '1' })
  for (const { key } of objects) {
    const body = await first.fleetgrid.ports.objectStore.get(key)
    await second.fleetgrid.ports.objectStore.put(key, body ?? Buffer.alloc(0), 'application/gzip')
  }
  const key = objects[0]?.key ?? ''
  const damaged = key.replace(/[^-]+\.ndjson/, 'damaged.ndjson')
  await second.fleetgrid.ports.objectStore.put(damaged, Buffer.from('no gzip'), 'application/gzip')
  const now = Date.now()
  const range = {
    from: new Date(now - 3_600_000).toISOString(),
    to: new Date(now + 60_000).toISOString(),
  }
  for (let round = 0; round < 2; round += 1) {
    const started = await second.send('POST', '/archive/replay', range)
    t.match(started, { status: 202, body: { state: 'running' } })
    const done = await until(async () => {
      const { body } = await second.get(`/archive/replays/${started.body.id}`, 'operator')
      return body.state === 'running' ? undefined : body
    })
    t.match(done, { state: 'done', messages: 22, unreadable: 1, reason: null })
  }
  const stored = second.metric(/fleetgrid_messages_total\{topic="cardata",outcome="stored"\}/)
  t.equal(await stored, 20, 'each once')
  const [view, original] = await Promise.all(
    [second, first].map(({ fleetgrid }) => fleetgrid.ports.fleetIndex.latestVehicle(VIN)),
  )
  t.ok(view)
  t.strictSame(view?.telemetry, original?.telemetry)
  t.match(await second.send('POST', '/archive/replay', { from: range.to, to: range.from }), {
    status: 400,
  })
  t.match(await second.get('/archive/replays/nobody', 'operator'), { status: 404 })
})

t.test('messages without a time of their own: a replay leaves the state as it is', async (t) => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'fleetgrid-test-'))
  t.after(() => rm(DATA_DIR, { recursive: true, force: true }))
  const env = { DATA_DIR, ARCHIVE: 'embedded', ARCHIVE_BUFFER_S: '60' }
  const start = Date.now()
  const stateOf = async ({ fleetgrid }: RunningFleetgrid) =>
    (await fleetgrid.ports.fleetIndex.latestVehicle(VIN))?.color
  const publishAt = async (running: RunningFleetgrid, agoMs: number, colorCode: string) => {
    running.clock.ahead = -agoMs
    const { time: _, ...message } = groupEvent('modify', { colorCode })
    await publish(await running.connect(), TOPICS.group, message)
    running.clock.ahead = 0
  }
  await t.test('seven, then the process ends', async (t) => {
    const first = await startFleetgrid(t, env)
    await publish(await first.connect(), TOPICS.cardata, cardata())
    for (let n = 1; n <= 7; n += 1) await publishAt(first, 60_000 - n * 1000, `color ${n}`)
    t.equal(await stateOf(first), 'color 7')
    await first.fleetgrid.ports.archive?.flush()
  })
  const second = await startFleetgrid(t, env)
  const replay = async () => {
    const started = await second.send('POST', '/archive/replay', {
      from: new Date(start - 3_600_000).toISOString(),
      to: new Date(start + 3_600_000).toISOString(),
    })
    const done = await until(async () => {
      const { body } = await second.get(`/archive/replays/${started.body.id}`, 'operator')
      return body.state === 'running' ? undefined : body
    })
    t.match(done, { state: 'done', unreadable: 0 })
    t.ok(done.messages >= 8)
  }
  await replay()
  t.equal(await stateOf(second), 'color 7', 'the latest of them')
  await publishAt(second, 30_000, 'color 8')
  await replay()
  t.equal(await stateOf(second), 'color 8', 'and what came before the object was full')
})

t.test(
  'CSV beside it: nested messages of devices stop nothing, a replay reads what is raw',
  async (t) => {
    const running = await startFleetgrid(t, {
      ...{ ARCHIVE: 'embedded', ARCHIVE_BUFFER_S: '1', ARCHIVE_CSV_COLUMNS: 'topic,SendTimeStamp' },
    })
    const { connect, fleetgrid, metric, send, get } = running
    const device = await connect()
    const topic = 'dt/cvra/ECU-1/cardata'
    const SendTimeStamp = timeOf(0)
    const deep = `{"topic":1,"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    for (const message of [bytes(cardata({ SendTimeStamp })), 'nonsense', deep]) {
      await device.publishAsync(topic, message, { qos: 1 })
    }
    await until(async () => (await metric(/csv_records_total\{outcome="failed"\}/)) === 2)
    t.equal(await metric(/csv_records_total\{outcome="written"\}/), 1)
    const { objectStore, archive } = fleetgrid.ports
    await archive?.flush()
    const { objects } = await objectStore.list('archive-csv/')
    const body = await objectStore.get(objects[0]?.key ?? '')
    const [header, row] = gunzipSync(body ?? '')
      .toString()
      .split('\n')
    t.equal(header, 'topic;SendTimeStamp;rest')
    t.ok(row?.startsWith(`${topic};${SendTimeStamp};`), `${row}`)
    const now = Date.now()
    const range = {
      from: new Date(now - 3_600_000).toISOString(),
      to: new Date(now + 60_000).toISOString(),
    }
    const started = await send('POST', '/archive/replay', range)
    const done = await until(async () => {
      const { body } = await get(`/archive/replays/${started.body.id}`, 'operator')
      return body.state === 'running' ? undefined : body
    })
    t.match(done, { state: 'done', messages: 3, unreadable: 0 })
  },
)

function timeOf(n: number): string {
  return new Date(Date.now() - 60_000 + n * 1000).toISOString()
}
