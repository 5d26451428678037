import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import t from 'tap'
import { publish, startFleetgrid, TOPICS } from './helpers/fleetgrid.ts'
import {
  cardata,
  deviceEvent,
  deviceLink,
  dtc,
  event,
  groupEvent,
  jobExecution,
  trip,
  VIN,
} from './helpers/messages.ts'
import { until } from './helpers/until.ts'

t.test(
  'a message published over MQTT is read back over REST once it is acknowledged',
  async (t) => {
    const service = await startFleetgrid(t)
    const client = await service.connect()
    await publish(client, TOPICS.group, groupEvent('create', { make: 'AMZ', modelYear: 2019 }))
    await publish(
      client,
      TOPICS.device,
      deviceLink('ECU-1', { attach: VIN }, '2026-04-06T18:00:00Z'),
    )
    await publish(client, TOPICS.cardata, cardata())
    await publish(client, TOPICS.trip, trip())
    await publish(client, TOPICS.event, event())
    await publish(client, TOPICS.dtc, dtc('P1734'))
    t.match(await service.get(`/vehicles/${VIN}`), {
      status: 200,
      body: {
        vin: VIN,
        make: 'AMZ',
        modelYear: 2019,
        telemetry: { odometer: 3027.75, oilTemp: 240.5, currentSpeed: 20.08 },
        devices: [{ deviceId: 'ECU-1' }],
        geoLocation: { coordinates: [-115.13324000557736, 36.0363100266] },
        troubleCodes: ['P1734'],
      },
    })
    t.match((await service.get(`/vehicles/${VIN}/trips`)).body, {
      trips: [{ tripId: 'D7SJG5oY6' }],
    })
    t.match((await service.get(`/vehicles/${VIN}/events`)).body, {
      events: [{ alert: { videoevent: {} } }],
    })
    t.match((await service.get('/vehicles/route/D7SJG5oY6')).body, { geometry: /.+/ })
  },
)

t.test('defects 1 and 3: late and repeated messages change nothing and append once', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const late = cardata({ SendTimeStamp: '2026-04-06T18:27:50.000Z', Fuel: 50 })
  for (const message of [cardata(), cardata(), late, cardata(), late]) {
    await publish(client, TOPICS.cardata, message)
  }
  for (const _ of [1, 2]) {
    await publish(client, TOPICS.dtc, dtc('P1734'))
    await publish(client, TOPICS.trip, trip())
    await publish(client, TOPICS.event, event())
  }
  t.equal((await service.get(`/vehicles/${VIN}`)).body.telemetry.fuelLevel, 0.28)
  t.equal((await service.get(`/vehicles/${VIN}/trips`)).body.trips.length, 1)
  t.equal((await service.get(`/vehicles/${VIN}/events`)).body.events.length, 1)
  const codes = await service.get(`/vehicles/${VIN}/trouble-codes`)
  t.match(JSON.stringify(codes.body), /"count":1/)
  t.equal(await service.metric(/^fleetgrid_messages_total.*outcome="duplicate"/), 6)
})

t.test('a parked car shows its trouble codes, devices and version at once', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  await publish(client, TOPICS.cardata, cardata())
  await publish(client, TOPICS.dtc, dtc('P0301'))
  await publish(client, TOPICS.device, deviceLink('ECU-1', { attach: VIN }, '2026-04-06T18:00:00Z'))
  const version = deviceEvent('ECU-1', 'modify', { attributes: { softwareVersion: '2.3' } })
  await publish(client, TOPICS.device, version)
  t.match((await service.get(`/vehicles/${VIN}`)).body, {
    troubleCodes: ['P0301'],
    devices: [{ deviceId: 'ECU-1', swVersion: '2.3' }],
  })
})

t.test('a succeeded job raises the version; an unknown one waits as a dead letter', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  await publish(client, TOPICS.device, deviceLink('ECU-1', { attach: VIN }, '2026-04-06T18:00:00Z'))
  await publish(client, TOPICS.job, jobExecution('cdf-1', 'ECU-1'))
  const { body } = await service.get('/dead-letters')
  t.match(body.deadLetters, [{ reason: /job cdf-1 is not known/, count: 1, state: 'open' }])
  const jobs = join(service.config.dataDir, 'jobs')
  await mkdir(jobs)
  await writeFile(join(jobs, 'cdf-1.json'), '{"operation":"OtaUpdate","desiredVersion":"2.9"}')
  const redrive = `/dead-letters/${body.deadLetters[0].id}/redrive`
  t.match(await service.post(redrive), { status: 200, body: { outcome: 'accepted' } })
  t.match(await service.post(redrive), { status: 409 })
  t.match((await service.get(`/vehicles/${VIN}`)).body.devices, [{ swVersion: '2.9' }])
  await writeFile(join(jobs, 'cdf-2.json'), '{broken')
  await publish(client, TOPICS.job, jobExecution('cdf-2', 'ECU-1'))
  const broken = (await service.get('/dead-letters?state=open')).body
  t.match(broken.deadLetters, [{ reason: /cdf-2\.json is not JSON with a text desiredVersion/ }])
  const failed = jobExecution('cdf-1', 'ECU-1', { status: 'FAILED', operation: 'failed' })
  await publish(client, TOPICS.job, failed)
  t.equal(await service.metric(/^fleetgrid_messages_total.*outcome="ignored"/), 1)
})

t.test(
  'defect 9: what cannot be used is acknowledged, kept with its reason, and holds nothing up',
  async (t) => {
    const service = await startFleetgrid(t)
    const client = await service.connect()
    const poison = Buffer.from([0x7b, 0xff])
    const sending = [
      publish(client, TOPICS.cardata, poison),
      publish(client, TOPICS.cardata, cardata()),
      publish(client, TOPICS.cardata, poison),
      publish(client, 'dt/cvra/ECU-1/unheard', { a: 1 }),
      publish(client, 'dt/cvra/cardata', cardata()),
    ]
    await Promise.all(sending)
    t.equal((await service.get(`/vehicles/${VIN}`)).status, 200)
    const { deadLetters } = (await service.get('/dead-letters')).body
    t.equal(deadLetters.length, 3)
    t.match(
      deadLetters.find((letter: { topic: string }) => letter.topic === TOPICS.cardata),
      { reason: 'not valid UTF-8', payload: poison.toString('base64'), count: 2 },
    )
    t.equal(await service.metric(/^fleetgrid_messages_total.*outcome="dead-lettered"/), 4)
    const again = `/dead-letters/${deadLetters[0].id}/redrive`
    t.match(await service.post(again), { status: 200, body: { outcome: 'dead-lettered' } })
    t.match(await service.post(again, 'viewer'), { status: 403 })
  },
)

t.test('a clock hours ahead or behind is kept, flagged and measured', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const hours = (offset: number) => new Date(Date.now() + offset * 3_600_000).toISOString()
  await publish(client, TOPICS.cardata, cardata({ SendTimeStamp: hours(5), Fuel: 1 }))
  await publish(client, TOPICS.cardata, cardata({ SendTimeStamp: hours(-5), Fuel: 2 }))
  await publish(client, TOPICS.cardata, cardata({ SendTimeStamp: hours(0), Fuel: 3 }))
  t.equal((await service.get(`/vehicles/${VIN}`)).body.telemetry.fuelLevel, 0.79)
  t.equal(await service.metric(/^fleetgrid_clock_skew_total.*"ahead"/), 1)
  t.equal(await service.metric(/^fleetgrid_clock_skew_total.*"behind"/), 1)
})

t.test('after a restart everything is as it was, the registry too', async (t) => {
  const dataDir = t.testdir()
  await t.test('first life', async (t) => {
    const service = await startFleetgrid(t, { DATA_DIR: dataDir })
    const client = await service.connect()
    await publish(client, TOPICS.group, groupEvent('create', { make: 'AMZ' }))
    await publish(
      client,
      TOPICS.device,
      deviceLink('ECU-1', { attach: VIN }, '2026-04-06T18:00:00Z'),
    )
    await publish(client, TOPICS.cardata, cardata({ OilTemp: 300 }))
    await publish(client, TOPICS.dtc, dtc('P1734'))
    await publish(client, TOPICS.dtc, dtc('P0301'))
  })
  await t.test('second life', async (t) => {
    const service = await startFleetgrid(t, { DATA_DIR: dataDir })
    t.equal(await service.metric(/^fleetgrid_registry_vehicles/), 1)
    const client = await service.connect()
    const fixed = dtc('', {
      SendTimeStamp: '2026-05-01T00:00:00Z',
      DTC: { Code: 'P0301', Cleared: 'true' },
    })
    await publish(client, TOPICS.dtc, fixed)
    const version = deviceEvent('ECU-1', 'modify', { attributes: { softwareVersion: '3' } })
    await publish(client, TOPICS.device, version)
    t.match((await service.get(`/vehicles/${VIN}`)).body, {
      make: 'AMZ',
      troubleCodes: ['P1734'],
      devices: [{ deviceId: 'ECU-1', swVersion: '3' }],
    })
    const hot = await service.get(
      `/vehicles/aggregate?filters=${encodeURIComponent('{"filters":{"boundaries":[],"anomalies":["OilTemp"]}}')}`,
    )
    t.equal(hot.body.vehicleCount, 1)
  })
})

t.test(
  'the same message twice is one effect, also with a clock that is ahead or no time at all',
  async (t) => {
    const service = await startFleetgrid(t)
    const client = await service.connect()
    const ahead = (seconds: number) =>
      new Date(Date.now() + 3_600_000 + seconds * 1000).toISOString()
    const raise = dtc('P0301', { SendTimeStamp: ahead(0) })
    const clear = dtc('', { SendTimeStamp: ahead(2) })
    for (const message of [raise, clear, raise]) {
      service.clock.ahead += 1000
      await publish(client, TOPICS.dtc, message)
    }
    const { time: _, ...first } = groupEvent('modify', { colorCode: '1' })
    const { time: __, ...second } = groupEvent('modify', { colorCode: '2' })
    for (const message of [first, second, first]) {
      service.clock.ahead += 1000
      await publish(client, TOPICS.group, message)
    }
    await publish(client, TOPICS.cardata, cardata({ SendTimeStamp: ahead(3) }))
    const { body } = await service.get(`/vehicles/${VIN}`)
    t.same(body.troubleCodes, [])
    t.equal(body.color, '2')
  },
)

t.test('defect 7: a repeated anomaly is a record of its own, and each life ends', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const life = async () => (await service.get(`/vehicles/${VIN}/anomalies`)).body
  const drive = async (minute: number, OilTemp: number) => {
    const SendTimeStamp = `2026-04-06T10:${String(minute).padStart(2, '0')}:00.000Z`
    await publish(client, TOPICS.cardata, cardata({ SendTimeStamp, OilTemp }))
  }
  for (const [minute, oil] of [
    [1, 290],
    [2, 300],
    [3, 250],
    [4, 240],
    [5, 310],
  ] as const) {
    await drive(minute, oil)
  }
  t.match(JSON.stringify(await life()), /"active":true,"count":1/)
  await drive(6, 230)
  await drive(7, 220)
  t.match(JSON.stringify(await life()), /"active":false,"count":1.*"clearedAt":"2026-04-06T10:06/)
})

t.test('defect 2: a message costs no read of the index', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const asked: string[] = []
  const index = service.fleetgrid.ports.fleetIndex
  const methods = ['latestVehicle', 'aggregateVehicles', 'filterVehicles', 'loadRegistry'] as const
  for (const name of methods) {
    const original = index[name].bind(index) as (...args: unknown[]) => unknown
    Object.assign(index, {
      [name]: (...args: unknown[]) => {
        asked.push(name)
        return original(...args)
      },
    })
  }
  await publish(client, TOPICS.group, groupEvent('create', { make: 'AMZ' }))
  await publish(client, TOPICS.cardata, cardata())
  await publish(client, TOPICS.dtc, dtc('P0301'))
  t.same(asked, [])
  await service.get(`/vehicles/${VIN}`)
  t.same(asked, ['latestVehicle'], 'the count works')
})

t.test('MQTT over WebSocket on the HTTP port', async (t) => {
  const service = await startFleetgrid(t)
  const url = `${service.httpUrl.replace('http', 'ws')}/mqtt`
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 })
  t.after(() => client.endAsync(true))
  await publish(client, TOPICS.cardata, cardata())
  t.equal((await service.get(`/vehicles/${VIN}`)).status, 200)
})

t.test('a token as MQTT password: a device speaks for itself only', async (t) => {
  const service = await startFleetgrid(t, { MQTT_ANONYMOUS: 'none' })
  const password = await service.token('device', 'ECU-1')
  const device = await service.connect({ username: 'ECU-1', password })
  await publish(device, TOPICS.cardata, cardata())
  t.equal((await service.get(`/vehicles/${VIN}`)).status, 200)
  await t.rejects(service.connect(), { code: 5 })
  await t.rejects(service.connect({ username: 'x', password: `${password}x` }), { code: 4 })
})

t.test('bad input: a message of 128 KB becomes a dead letter that can be read whole', async (t) => {
  const service = await startFleetgrid(t)
  const client = await service.connect()
  const large = Buffer.alloc(131_072, 'x')
  await publish(client, TOPICS.cardata, large)
  const { body } = await service.get('/dead-letters')
  t.match(body.deadLetters, [{ reason: /larger than 65536 bytes/, sizeBytes: 131_072 }])
  t.equal(Buffer.from(body.deadLetters[0].payload, 'base64').equals(large), true)
})

t.test('the live stream shows what arrives, parked cars too', async (t) => {
  const service = await startFleetgrid(t, { STREAM_INTERVAL_MS: '10' })
  const client = await service.connect()
  await publish(client, TOPICS.cardata, cardata())
  const headers = { authorization: `Bearer ${await service.token('viewer')}` }
  const abort = new AbortController()
  t.after(() => abort.abort())
  const stream = await fetch(`${service.httpUrl}/vehicles/stream`, {
    headers,
    signal: abort.signal,
  })
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const hear = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      const chunk = await reader?.read()
      if (chunk === undefined || chunk.done) throw new Error(`the stream ended after ${text}`)
      text += chunk.value
    }
  }
  await hear(/event: ready/)
  await publish(client, TOPICS.dtc, dtc('P0301'))
  await hear(new RegExp(`event: vehicles\ndata: .*${VIN}`))
  t.pass('heard')
})

t.test(
  'defect 17: a full index gives no PUBACK and is not ready; retention frees it without a restart',
  async (t) => {
    const service = await startFleetgrid(t, {
      FLEET_INDEX_SIZE_MAX_MB: '1',
      ACKNOWLEDGE_DEADLINE_MS: '1500',
      HISTORY_RETENTION_DAYS: '1',
    })
    const client = await service.connect({ reconnectPeriod: 20, clientId: 'filler' })
    client.on('error', () => undefined)
    const yesterday = Date.now() - 2 * 86_400_000
    let sent = 0
    let acknowledged = 0
    const fill = async (): Promise<void> => {
      while ((await fetch(`${service.httpUrl}/ready`)).ok) {
        sent += 1
        const time = new Date(yesterday + sent).toISOString()
        const publishing = publish(
          client,
          TOPICS.cardata,
          cardata({ SendTimeStamp: time, Pad: 'x'.repeat(8000) }),
        )
        void publishing.then(() => {
          acknowledged += 1
        })
        if (sent % 20 === 0)
          await Promise.race([
            publishing,
            until(async () => !(await fetch(`${service.httpUrl}/ready`)).ok),
          ])
      }
    }
    await fill()
    const ready = await fetch(`${service.httpUrl}/ready`)
    t.equal(ready.status, 503)
    t.match(await ready.json(), { problems: [/FLEET_INDEX_SIZE_MAX_MB|full/i] })
    t.ok(acknowledged < sent, `${acknowledged} of ${sent} acknowledged`)
    t.equal((await fetch(`${service.httpUrl}/live`)).status, 200)
    await service.fleetgrid.upkeep()
    await until(async () => (await fetch(`${service.httpUrl}/ready`)).ok, { what: 'recovery' })
    await until(() => acknowledged === sent, { what: 'an acknowledgement of every message' })
    t.pass(`${sent} sent, ${acknowledged} acknowledged`)
  },
)
