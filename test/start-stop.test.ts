import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createConfig } from '../src/config/config.ts'
import { readEnv } from '../src/config/env.ts'
import { FleetgridError } from '../src/domain/errors.ts'
import { createFleetgrid } from '../src/fleetgrid.ts'
import { createStartup } from '../src/startup.ts'
import { publish, startFleetgrid, TOPICS } from './helpers/fleetgrid.ts'
import { cardata } from './helpers/messages.ts'
import { until } from './helpers/until.ts'

const root = resolve(import.meta.dirname, '..')

/** A machine that does much else takes ten seconds to load all of it. */
const withinMs = 60_000

/** An engine that isn't there: of tcpmux, given to no test that asks for a free port. */
const DEAD_PORT = 1

const WAITING_ENV = {
  opensearch: { FLEET_INDEX: 'opensearch', OPENSEARCH_URL: `http://127.0.0.1:${DEAD_PORT}` },
  postgres: {
    DATABASE: 'postgres',
    DATABASE_URL: `postgres://me:secret@127.0.0.1:${DEAD_PORT}/fleet`,
    DATABASE_TLS: 'off',
    CHARGE_POINT_KEY_SECRET: 'the same for all instances of a test',
  },
}

for (const engine of ['opensearch', 'postgres'] as const) {
  t.test(`while ${engine} is awaited this instance lives and is not ready`, async (t) => {
    const config = createConfig(
      readEnv({
        DATA_DIR: t.testdir(),
        HTTP_PORT: '0',
        MQTT_PORT: '0',
        ...WAITING_ENV[engine],
      }),
    )
    const fleetgrid = await createFleetgrid(config, { logger: pino({ level: 'silent' }) })
    const started = fleetgrid.start()
    const refused = t.rejects(started, /stopping/)
    const origin = await until(() => originOf(fleetgrid.urls), { withinMs, what: 'HTTP' })
    const waits = async (): Promise<boolean> =>
      /ECONNREFUSED/.test(await (await fetch(`${origin}/ready`)).text())
    await until(waits, { withinMs, what: 'a reason to wait' })
    t.equal((await fetch(`${origin}/live`)).status, 200)
    const ready = await fetch(`${origin}/ready`)
    t.equal(ready.status, 503)
    const { problems } = (await ready.json()) as { problems: string[] }
    t.match(problems, [/^this instance is starting: it waits for an engine: .*ECONNREFUSED/])
    t.notMatch(JSON.stringify(problems), /secret/)
    t.equal((await fetch(`${origin}/metrics`)).status, 200)
    for (const path of ['/vehicles/x', '/dead-letters', '/docs', '/mqtt', '/nope']) {
      const answer = await fetch(`${origin}${path}`)
      t.equal(answer.status, 503, path)
      t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
      t.ok(answer.headers.get('retry-after'))
    }
    t.equal(await fleetgrid.drain(), true)
    await refused
    await fleetgrid.close()
    await t.rejects(fetch(`${origin}/live`))
  })

  t.test(`a signal while ${engine} is awaited ends the process with 0`, async (t) => {
    const { child, output } = startProcess(t, {
      DATA_DIR: t.testdir(),
      ...WAITING_ENV[engine],
    })
    const waits = (): boolean => {
      if (child.exitCode !== null) throw new Error(`it has ended: ${output()}`)
      return output().includes('waiting for an engine')
    }
    await until(waits, { withinMs, what: 'waiting' })
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    t.equal(code, 0)
    t.match(output(), /"finished":true.*stopped/)
  })
}

t.test('charge points need no engine of the fleet', async (t) => {
  const service = await startFleetgrid(t, {
    FLEETGRID_ROLES: 'charging',
    ...WAITING_ENV.opensearch,
    ...{ OBJECT_STORE: 's3', S3_BUCKET: 'none', AWS_REGION: 'none' },
    AWS_ENDPOINT_URL: `http://127.0.0.1:${DEAD_PORT}`,
  })
  t.same(await (await fetch(`${service.httpUrl}/ready`)).json(), { status: 'ready', problems: [] })
  t.equal((await service.get('/charge-points', 'operator')).status, 200)
  t.equal((await service.get('/dead-letters', 'operator')).status, 404)
  await service.fleetgrid.upkeep()
  t.equal(await service.fleetgrid.drain(), true)
})

t.test('what the roles of an instance don’t start is off in its log', async (t) => {
  const { child, output } = startProcess(t, {
    ...{ DATA_DIR: t.testdir(), FLEETGRID_ROLES: 'charging' },
    ...{ SUBMISSION_QUEUE: 'embedded', ARCHIVE: 'embedded', VEHICLE_EVENTS: 'on' },
  })
  await until(() => output().includes('"msg":"ready"'), { withinMs, what: 'ready' })
  const line =
    output()
      .split('\n')
      .find((text) => text.includes('"msg":"ready"')) ?? ''
  t.match(JSON.parse(line), {
    ...{ telemetryFeed: 'off', fleetIndex: 'off', objectStore: 'off', database: 'embedded' },
    ...{ submissionQueue: 'off', eventStream: 'off', vehicleEvents: 'off', archive: 'off' },
  })
  t.match(output(), /SUBMISSION_QUEUE: read only with the role pipelines/)
  child.kill('SIGTERM')
  await once(child, 'exit')
})

function originOf(urls: () => { http: string }): string | undefined {
  try {
    return urls().http
  } catch {
    return undefined
  }
}

function startProcess(
  t: Test,
  env: Record<string, string>,
): { child: ChildProcess; output: () => string } {
  let output = ''
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', HTTP_PORT: '0', MQTT_PORT: '0', ...env },
  })
  t.after(() => child.kill('SIGKILL'))
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
    })
  }
  return { child, output: () => output }
}

t.test('once it is ready it says what it is and what it runs on', async (t) => {
  const { child, output } = startProcess(t, { DATA_DIR: t.testdir(), FLEETGRID_ROLES: 'telemetry' })
  await until(() => output().includes('"msg":"ready"'), { withinMs, what: 'the line' })
  const line = output()
    .split('\n')
    .find((text) => text.includes('"msg":"ready"'))
  t.match(JSON.parse(line ?? ''), {
    roles: ['telemetry'],
    ...{ telemetryFeed: 'embedded', fleetIndex: 'embedded' },
    ...{ database: 'embedded', objectStore: 'embedded' },
  })
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
})

t.test('waiting is logged once a minute, and when its reason changes', async (t) => {
  const logged: string[] = []
  const logger = { warn: ({ reason }: { reason: string }) => void logged.push(reason) }
  const clock = { time: 0, now: () => clock.time }
  const startup = createStartup({ logger: logger as never, clock })
  for (; clock.time < 150_000; clock.time += 1000) startup.waiting('it is away')
  t.same(logged, ['it is away', 'it is away', 'it is away'])
  startup.waiting('it is red')
  startup.waiting('it is red')
  t.equal(logged.length, 4)
  t.match(startup.problem(), /starting: it waits for an engine: it is red/)
  startup.done()
  t.equal(startup.problem(), undefined)
})

t.test('what passes is tried again, what does not fails at once, and a stop ends it', async (t) => {
  const logger = pino({ level: 'silent' })
  const startup = createStartup({ logger, clock: { now: () => 0 } })
  const impatient = createStartup({ logger, clock: { now: () => 0 }, waitMaxMs: 0 })
  const { signal } = new AbortController()
  let attempts = 0
  const comesUp = async (): Promise<string> => {
    attempts += 1
    if (attempts < 2) throw new FleetgridError('unavailable', 'it is away')
    return 'up'
  }
  t.equal(await startup.patiently(comesUp, signal), 'up')
  const wrong = () => Promise.reject(new Error('wrong password'))
  await t.rejects(startup.patiently(wrong, signal), /wrong password/)
  const away = () => Promise.reject(new FleetgridError('unavailable', 'it is away'))
  await t.rejects(impatient.patiently(away, signal), /it is away/)
  await t.rejects(startup.patiently(away, AbortSignal.abort(new Error('x'))), {
    name: 'AbortError',
  })
})

t.test('a stop ends intake and upkeep first, however much there is to trim', async (t) => {
  const service = await startFleetgrid(t)
  const { deadLetters } = service.fleetgrid.ports
  const letters = Array.from({ length: 4000 }, (_, number) => ({
    topic: 'dt/cvra/x/unheard',
    payload: Buffer.from(`${number}`),
    reason: 'of long ago',
    receivedAt: 1_000_000 + number,
  }))
  await deadLetters.keep(letters)
  const client = await service.connect({ clientId: 'late' })
  await publish(client, TOPICS.cardata, cardata())
  const upkeep = service.fleetgrid.upkeep()
  t.equal(await service.fleetgrid.drain(), true)
  let isAcknowledged = false
  void publish(client, TOPICS.cardata, cardata({ Fuel: 0.5 })).then(
    () => {
      isAcknowledged = true
    },
    () => undefined,
  )
  await upkeep
  t.ok((await deadLetters.countOpen()) > 0, 'not all of them were trimmed before')
  t.equal(isAcknowledged, false, 'nothing is taken any more')
})

t.test('an upkeep that hangs does not hold the stop up', async (t) => {
  const service = await startFleetgrid(t)
  Object.assign(service.fleetgrid.ports.fleetIndex, { dropHistory: () => new Promise(() => {}) })
  void service.fleetgrid.upkeep()
  t.equal(await service.fleetgrid.drain(), true)
  await service.fleetgrid.close()
})

t.test('the object store is asked once a minute, and every 5 s while it fails', async (t) => {
  const service = await startFleetgrid(t)
  const { objectStore } = service.fleetgrid.ports
  let asked = 0
  let failure: Error | undefined
  objectStore.check = async () => {
    asked += 1
    if (failure !== undefined) throw failure
  }
  const askFor = async (seconds: number): Promise<number> => {
    const before = asked
    for (let second = 0; second < seconds; second += 1) {
      service.clock.ahead += 1000
      await fetch(`${service.httpUrl}/ready`)
    }
    return asked - before
  }
  await askFor(1)
  t.ok((await askFor(120)) <= 2, 'while it succeeds')
  failure = new Error('the disk is full')
  await askFor(61)
  const failing = await askFor(60)
  t.ok(failing >= 8 && failing <= 13, `${failing} while it fails`)
  t.match(await (await fetch(`${service.httpUrl}/ready`)).text(), /object store: the disk is full/)
})

t.test('signals that are lost are a reason not to be ready', async (t) => {
  const service = await startFleetgrid(t)
  t.equal((await fetch(`${service.httpUrl}/ready`)).status, 200)
  await service.fleetgrid.ports.signals.close()
  const ready = await fetch(`${service.httpUrl}/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { problems: [/^signals: /] })
})

// What the version before this one wrote.
const OLDER_SCHEMA = `
CREATE TABLE letter (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  position INTEGER NOT NULL,
  size INTEGER NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  first_received_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  state TEXT NOT NULL,
  redrive_attempts INTEGER NOT NULL,
  redriven_at INTEGER,
  payload BLOB NOT NULL
) STRICT;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;`

t.test('dead letters of the version before are taken over once', async (t) => {
  const dataDir = t.testdir()
  const path = join(dataDir, 'dead-letters.db')
  const db = new DatabaseSync(path)
  db.exec(OLDER_SCHEMA)
  const insert = db.prepare(
    'INSERT INTO letter VALUES (NULL, ?, ?, 300, ?, ?, ?, ?, ?, ?, 0, NULL, ?)',
  )
  const now = Date.now()
  const poison = Buffer.from([0x7b, 0xff])
  for (let number = 0; number < 450; number += 1) {
    const state = number === 7 ? 'redriven' : 'open'
    const [last, first, count] = number === 3 ? [now, now - 5000, 9] : [now, now, 1]
    const payload = Buffer.concat([poison, Buffer.from(`${number}`)])
    insert.run(
      `id${number}`,
      number,
      TOPICS.cardata,
      'not UTF-8',
      last,
      first,
      count,
      state,
      payload,
    )
  }
  db.close()

  const service = await startFleetgrid(t, { DATA_DIR: dataDir })
  const { deadLetters } = service.fleetgrid.ports
  t.equal(await deadLetters.countOpen(), 449)
  t.notOk(existsSync(path))
  t.ok(existsSync(`${path}.imported`))
  const { letters } = await deadLetters.list({ after: 0, limit: 500 })
  const third = letters.find(({ payload }) => Buffer.from(payload).subarray(2).toString() === '3')
  t.match(third, { receivedAt: now, firstReceivedAt: now - 5000, reason: 'not UTF-8' })
  t.ok(
    Buffer.from(third?.payload ?? [])
      .subarray(0, 2)
      .equals(poison),
  )
  await service.fleetgrid.drain()
  await service.fleetgrid.close()
  const again = await startFleetgrid(t, { DATA_DIR: dataDir })
  t.equal(await again.fleetgrid.ports.deadLetters.countOpen(), 449)
})

t.test('a file of the version before that cannot be read refuses the start', async (t) => {
  const dataDir = t.testdir({ 'dead-letters.db': 'this is no database, and long enough to tell' })
  const starting = startFleetgrid(t, { DATA_DIR: dataDir })
  await t.rejects(starting, /dead-letters\.db: .*not a database.*move the file out of DATA_DIR/)
  t.ok(existsSync(join(dataDir, 'dead-letters.db')))
})
