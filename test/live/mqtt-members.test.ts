import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import { memberLeasePrefix } from '../../src/adapters/telemetry-feed/mqtt/membership.ts'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import type { Leases } from '../../src/ports/leases.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { connectPublisher, makeMosquitto } from '../helpers/mosquitto.ts'
import { makeMqttFeed, mqttFeedConfig, type TestFeed } from '../helpers/mqtt-feed.ts'
import { hasSession } from '../helpers/mqtt-session.ts'
import { endConnections, openDatabase, postgresConfig } from '../helpers/postgres.ts'
import { startProxy } from '../helpers/swallowing-proxy.ts'
import { until } from '../helpers/until.ts'
import type { HoldMessagesSettings } from './fixtures/hold-messages.ts'

// Instances with the same settings and one database: who has which connections, and who gets the
// messages of those that are gone. Every message is counted.

const LEASE_MS = 1500
const SWEEPS = { intervalMs: 300, quietMs: 500 }
const NEVER_SWEEPS = { intervalMs: 3_600_000, quietMs: 500 }
const TOPIC = 'dt/cvra/ECU-1/cardata'
const EVENTS_TOPIC = '$aws/events/jobExecution/job-1/completed'

t.test('several that start at once get different numbers, the next one the lowest', async (t) => {
  const system = await makeSystem(t, { connections: 1 })
  const feeds = await Promise.all(
    Array.from({ length: 5 }, () => system.instance({ sweep: NEVER_SWEEPS })),
  )
  await Promise.all(feeds.map(({ feed }) => feed.start(() => undefined)))
  const joined = feeds.flatMap(({ members }) => members)
  t.strictSame(
    joined.toSorted(),
    [1, 2, 3, 4, 5].map((number) => `joined ${number}`),
  )
  await Promise.all(feeds.map(({ feed }) => feed.close()))
  const arrived = new Set<string>()
  const last = await system.instance({ sweep: SWEEPS })
  await last.feed.start((message) => acknowledge(message, arrived))
  t.equal(last.members[0], 'joined 1')
  await until(() => last.members.length === 5, { what: 'what the others left is gone' })
  for (const number of [2, 3, 4, 5]) t.notOk(await system.hasSession(`${number}-1`))
  t.ok(await system.hasLeft(1, 0), 'no number is left over')
})

t.test('one is killed: its successor has its number and its messages', async (t) => {
  const system = await makeSystem(t)
  const dead = await system.holdMessages()
  t.equal(dead.member, 'joined 1')
  await system.publish(0, 500)
  await until(() => dead.held() >= 100, { what: 'some are with it' })
  await dead.kill()
  await system.publish(500, 700)
  await until(() => system.hasLeft(1, 2), { what: 'its number is free' })
  const arrived = new Set<string>()
  const next = await system.instance({ sweep: NEVER_SWEEPS })
  await next.feed.start((message) => acknowledge(message, arrived))
  await until(() => arrived.size === 700, { what: 'every message' })
  t.strictSame(next.members, ['joined 1'])
})

t.test('one is killed and not replaced: another empties and ends its sessions', async (t) => {
  const system = await makeSystem(t)
  const dead = await system.holdMessages()
  const arrived = new Set<string>()
  const survivor = await system.instance({ sweep: SWEEPS })
  await survivor.feed.start((message) => acknowledge(message, arrived))
  t.strictSame([dead.member, survivor.members], ['joined 1', ['joined 2']])
  await system.publish(0, 600)
  await until(() => dead.held() >= 100, { what: 'some are with the one that dies' })
  await dead.kill()
  t.ok(await system.hasSession('1-1'), 'the broker keeps its session')
  // Mosquitto goes on giving the absent one its share.
  await system.publish(600, 1000)
  await until(() => arrived.size === 1000, { what: 'every message' })
  await until(() => survivor.members.includes('drained 1'), { what: 'the end of its sessions' })
  t.notOk(await system.hasSession('1-1'))
  t.notOk(await system.hasSession('1-2'))
  t.ok(await system.hasLeft(1, 0), 'its number is forgotten')
  t.strictSame(survivor.members, ['joined 2', 'drained 1'])
  await system.publish(1000, 1100)
  await until(() => arrived.size === 1100, { what: 'all goes to the survivor' })
})

t.test('the next one is there before the number of the dead one is free', async (t) => {
  const system = await makeSystem(t)
  const dead = await system.holdMessages()
  await system.publish(0, 300)
  await until(() => dead.held() >= 100)
  await dead.kill()
  const arrived = new Set<string>()
  const next = await system.instance({ sweep: SWEEPS })
  await next.feed.start((message) => acknowledge(message, arrived))
  await until(() => arrived.size === 300, { what: 'every message' })
  await until(() => next.members.includes('drained 1'))
  t.strictSame(next.members, ['joined 2', 'drained 1'])
})

t.test('the database is away for longer than the lease: messages go on', async (t) => {
  const system = await makeSystem(t, { platformEvents: true })
  const arrived = new Set<string>()
  const own = await system.instance({ sweep: SWEEPS })
  await own.feed.start((message) => acknowledge(message, arrived))
  await until(() => own.connections() === 2)
  await system.untilEventsFlow(arrived)
  await system.allowDatabase(false)
  await until(() => own.members.includes('unsure 1'), { what: 'that it can’t be renewed' })
  await t.rejects(
    makeMqttFeed(system.config, system.leases).feed.start(() => undefined),
    { message: /No number for this instance.*the database/ },
    'another one can’t start',
  )
  await system.publish(0, 100)
  await system.publish(100, 120, EVENTS_TOPIC)
  await until(() => arrived.size === 121, { what: 'every message, without the database' })
  t.strictSame([own.feed.problems(), own.connections()], [[], 2])
  await system.allowDatabase(true)
  await until(() => own.members.includes('sure 1'), { what: 'that it is renewed again' })
  await system.publish(120, 200)
  await until(() => arrived.size === 201)
  t.strictSame(own.members, ['joined 1', 'unsure 1', 'sure 1'])
  t.strictSame(own.failures, [])
})

t.test('one is cut off from the database: whoever takes its number gets all', async (t) => {
  const system = await makeSystem(t, { platformEvents: true })
  const arrived = new Set<string>()
  const cut = await system.instance({ sweep: NEVER_SWEEPS }, { isBehindProxy: true })
  await cut.feed.start((message) => acknowledge(message, arrived))
  await system.untilEventsFlow(arrived)
  cut.cutOff(true)
  await until(() => cut.members.includes('unsure 1'))
  await system.publish(0, 200)
  await until(() => arrived.size === 201, { what: 'it goes on meanwhile' })
  await until(() => system.hasLeft(1, 2), { what: 'its number is free' })
  const next = await system.instance({ sweep: NEVER_SWEEPS })
  await next.feed.start((message) => acknowledge(message, arrived))
  t.strictSame(next.members, ['joined 1'])
  await until(() => cut.members.includes('lost 1'), { what: 'that it gives way' })
  t.match(cut.feed.problems()[0], /waits for the database/)
  await until(() => next.connections() === 2)
  await system.publish(200, 300)
  await system.publish(300, 320, EVENTS_TOPIC)
  await until(() => arrived.size === 321, { what: 'every message' })
  cut.cutOff(false)
  await until(() => cut.members.includes('joined 2'), { what: 'another number' })
  await until(() => cut.connections() === 2 && next.connections() === 2)
  const expelled = next.failures.length
  await system.publish(320, 400)
  await system.publish(400, 420, EVENTS_TOPIC)
  await until(() => arrived.size === 421, { what: 'every message' })
  t.strictSame(cut.members, ['joined 1', 'unsure 1', 'lost 1', 'joined 2'])
  t.ok(expelled <= 6, `expelled ${expelled} times by one that didn’t know`)
  t.equal(next.failures.length, expelled, 'and not any more')
})

t.test('a session that is left is served while messages come, and ended in the end', async (t) => {
  const system = await makeSystem(t)
  const dead = await system.holdMessages()
  const arrived = new Set<string>()
  const survivor = await system.instance({ sweep: { ...SWEEPS, subscribedMaxMs: 2000 } })
  await survivor.feed.start((message) => acknowledge(message, arrived))
  await system.publish(0, 300)
  await until(() => dead.held() >= 50)
  await dead.kill()
  let published = 300
  await until(
    async () => {
      await system.publish(published, published + 10)
      published += 10
      return survivor.members.includes('drained 1')
    },
    { what: 'the end of its sessions although nothing is ever quiet' },
  )
  await until(() => arrived.size === published, { what: 'every message' })
  t.notOk(await system.hasSession('1-1'))
  t.notOk(await system.hasSession('1-2'))
})

t.test('one is frozen and comes back: no session stays behind', async (t) => {
  const system = await makeSystem(t)
  const frozen = await system.holdMessages()
  const arrived = new Set<string>()
  const other = await system.instance({ sweep: SWEEPS })
  await other.feed.start((message) => acknowledge(message, arrived))
  await system.publish(0, 300)
  await until(() => frozen.held() >= 50)
  frozen.signal('SIGSTOP')
  await until(() => arrived.size === 300, { what: 'every message' })
  await until(() => other.members.includes('drained 1'))
  frozen.signal('SIGCONT')
  await until(async () => (await system.sessionsOf(1)) === 2, { what: 'it has its number again' })
  await system.publish(300, 600)
  await frozen.kill()
  await until(() => arrived.size === 600, { what: 'every message, after its end' })
  await until(() => other.members.length === 3)
  t.strictSame(other.members, ['joined 2', 'drained 1', 'drained 1'])
  t.notOk(await system.hasSession('1-1'))
})

t.test('it stood still for so long that another has its number', async (t) => {
  const system = await makeSystem(t, { connections: 1 })
  const arrived = new Set<string>()
  const { feed, members } = await system.instance({ sweep: SWEEPS })
  await feed.start((message) => acknowledge(message, arrived))
  const taken = { owner: 'another', expires_at: Date.now() + 3_600_000 }
  await system.database.run((db) => db.updateTable('lease').set(taken).execute())
  await until(() => members.includes('joined 2'), { what: 'another number' })
  t.strictSame(members, ['joined 1', 'lost 1', 'joined 2'])
  await system.publish(0, 100)
  const free = system.database.run((db) =>
    db.updateTable('lease').set({ expires_at: 0 }).where('owner', '=', 'another').execute(),
  )
  await free
  await until(() => members.includes('drained 1'), { what: 'the other one left' })
  await until(() => arrived.size === 100, { what: 'what the broker gave to the first number' })
})

t.test('every number is taken', async (t) => {
  const system = await makeSystem(t)
  const rows = Array.from({ length: 100 }, (_, place) => ({
    ...{ name: `${memberLeasePrefix(system.config)}${place + 1}`, owner: 'another' },
    ...{ value: 1, expires_at: Date.now() + 3_600_000 },
  }))
  await system.database.run((db) => db.insertInto('lease').values(rows).execute())
  const { feed } = await system.instance({ sweep: NEVER_SWEEPS })
  await t.rejects(
    feed.start(() => undefined),
    { message: /all 100 are taken\. .* MQTT_CLIENT_ID_PREFIX/ },
  )
})

t.test('fewer connections than before: what is in the surplus ones is not lost', async (t) => {
  const system = await makeSystem(t, { connections: 3 })
  const many = await system.instance({ sweep: NEVER_SWEEPS })
  let held = 0
  await many.feed.start(() => {
    held += 1
  })
  await until(() => many.connections() === 3)
  await system.publish(0, 300)
  await until(() => held >= 250, { what: 'all of them have some' })
  await many.feed.close()
  const arrived = new Set<string>()
  const few = await system.instance({ sweep: SWEEPS }, { connections: 1 })
  await few.feed.start((message) => acknowledge(message, arrived))
  await until(() => arrived.size === 300, { what: 'every message' })
  await until(async () => (await system.sessionsOf(1)) === 1, { what: 'the others are ended' })
  t.notOk(await system.hasSession('1-2'))
  t.notOk(await system.hasSession('1-3'))
  t.strictSame(few.members, ['joined 1'])
})

interface System {
  readonly config: MqttFeedConfig
  readonly leases: Leases
  readonly database: Awaited<ReturnType<typeof openDatabase>>
  instance(
    options: Parameters<typeof makeMqttFeed>[2],
    own?: { readonly connections?: number; readonly isBehindProxy?: boolean },
  ): Promise<TestFeed & { cutOff(isCut: boolean): void }>
  holdMessages(): Promise<HoldingProcess>
  /** Those with numbers `from` to `to` - 1; the broker has them when it resolves. */
  publish(from: number, to: number, topic?: string): Promise<void>
  /** Nobody keeps an event from before the first subscription; then one has arrived. */
  untilEventsFlow(arrived: Set<string>): Promise<void>
  allowDatabase(isAllowed: boolean): Promise<void>
  hasSession(name: string): Promise<boolean>
  /** Nobody has the number, and so many sessions are left of it. */
  hasLeft(number: number, sessions: number): Promise<boolean>
  /** As the database has it, whoever has the number. */
  sessionsOf(number: number): Promise<number | undefined>
}

async function makeSystem(t: Test, overrides: Partial<MqttFeedConfig> = {}): Promise<System> {
  const { url } = await makeMosquitto(t)
  const databaseUrl = await makeDatabase(t)
  const config = mqttFeedConfig(url, overrides)
  const publisher = await connectPublisher(t, url)
  const leasesOf = async (instance: string, url = databaseUrl) => {
    const limits = { statementTimeoutMs: 1000, connectTimeoutMs: 1000 }
    const database = await openDatabase(t, postgresConfig(url, limits))
    return { database, leases: createStoredLeases({ database, instance, durationMs: LEASE_MS }) }
  }
  const { database, leases } = await leasesOf('system')
  let instances = 0
  return {
    config,
    leases,
    database,
    async instance(options, { connections = config.connections, isBehindProxy = false } = {}) {
      instances += 1
      const url = new URL(databaseUrl)
      const proxy = isBehindProxy ? await startProxy(t, Number(url.port)) : undefined
      if (proxy !== undefined) url.port = String(proxy.port)
      const { leases } = await leasesOf(`instance-${instances}`, url.href)
      const made = makeMqttFeed({ ...config, connections }, leases, options)
      t.teardown(() => made.feed.close())
      return { ...made, cutOff: (isCut) => proxy?.swallow(isCut) }
    },
    holdMessages: () => startHolding(t, { config, databaseUrl, leaseMs: LEASE_MS }),
    async publish(from, to, topic = TOPIC) {
      const numbers = Array.from({ length: to - from }, (_, place) => from + place)
      await Promise.all(numbers.map((n) => publisher.publishAsync(topic, `${n}`, { qos: 1 })))
    },
    async untilEventsFlow(arrived) {
      await until(async () => {
        await publisher.publishAsync(EVENTS_TOPIC, 'first event', { qos: 1 })
        return arrived.has('first event')
      })
    },
    allowDatabase: (isAllowed) => allowDatabase(databaseUrl, isAllowed),
    hasSession: (name) => hasSession(url, `${config.clientIdPrefix}-${name}`),
    async hasLeft(number, sessions) {
      const left = await leases.listLeft(`${memberLeasePrefix(config)}${number}`)
      return (left[0]?.value ?? 0) === sessions
    },
    async sessionsOf(number) {
      const name = `${memberLeasePrefix(config)}${number}`
      const row = await database.run((db) =>
        db.selectFrom('lease').select('value').where('name', '=', name).executeTakeFirst(),
      )
      return row?.value
    },
  }
}

interface HoldingProcess {
  readonly member: string
  /** Messages that it has got and not answered. */
  held(): number
  signal(name: NodeJS.Signals): void
  /** Without a chance to say good-bye to broker or database. */
  kill(): Promise<void>
}

async function startHolding(t: Test, settings: HoldMessagesSettings): Promise<HoldingProcess> {
  const file = join(import.meta.dirname, 'fixtures/hold-messages.ts')
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  await until(() => output.includes('joined'), { what: 'the start of an instance' })
  return {
    member: /joined \d+/.exec(output)?.[0] ?? '',
    signal: (name) => void child.kill(name),
    held: () => output.split('message').length - 1,
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function allowDatabase(databaseUrl: string, isAllowed: boolean): Promise<void> {
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  if (!isAllowed) await endConnections(databaseUrl)
  await client.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${isAllowed}`)
  await client.end()
}

/** As a writer does: some time later. */
function acknowledge(message: FeedMessage, arrived: Set<string>): void {
  setImmediate(() => {
    arrived.add(Buffer.from(message.payload).toString('utf8'))
    message.acknowledge()
  })
}
