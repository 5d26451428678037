import type { MqttClient } from 'mqtt'
import t from 'tap'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { connectPublisher, makeMosquitto } from '../helpers/mosquitto.ts'
import { MQTT_CLIENTS, makeMqttFeed, mqttFeedConfig, soleHolder } from '../helpers/mqtt-feed.ts'
import { until } from '../helpers/until.ts'

// Counted messages through what goes wrong with a broker and its connections.

const TOPIC = 'dt/cvra/ECU-1/cardata'
const EVENTS_TOPIC = '$aws/events/jobExecution/job-1/completed'

for (const client of MQTT_CLIENTS) {
  const configOf = (url: string, overrides: Partial<MqttFeedConfig> = {}) =>
    mqttFeedConfig(url, { client, ...overrides })

  // Mosquitto 2.0 forgets shared subscriptions when it restarts, until somebody subscribes again, and
  // acknowledges meanwhile what it drops. So this counts what it had, not what it gets too early.
  t.test(`${client}: the broker restarts twice in mid-stream: every message arrives`, async (t) => {
    const broker = await makeMosquitto(t)
    const { feed, failures, connections } = makeMqttFeed(configOf(broker.url))
    t.after(() => feed.close())
    const arrived = new Set<string>()
    const held: FeedMessage[] = []
    let restarts = 0
    await feed.start((message) => {
      // Some are out and some acknowledged when it stops; most have not left it.
      if (restarts < 2 && held.length < 150) held.push(message)
      else acknowledgeSoon(message, arrived)
    })
    await until(() => connections() === 2)
    for (; restarts < 2; restarts += 1) {
      const publisher = await connectPublisher(t, broker.url)
      await publishMany(publisher, `restart ${restarts}`, 2000)
      await publisher.endAsync()
      await until(() => held.length === 150)
      for (const message of held.splice(100)) acknowledgeSoon(message, arrived)
      await broker.stop()
      await until(() => connections() === 0, { what: 'the loss is seen' })
      t.match(feed.problems()[0], /^no connection to mqtt:/)
      for (const message of held.splice(0)) message.acknowledge()
      await broker.start()
      await until(() => connections() === 2, { what: 'both connections are back' })
      t.strictSame(feed.problems(), [])
    }
    for (const message of held) acknowledgeSoon(message, arrived)
    await until(() => arrived.size === 4000, { what: 'all have arrived' })
    t.ok(failures.length >= 4, 'each loss was told')
  })

  t.test(
    `${client}: two instances share; one is cut off with messages out and comes back`,
    async (t) => {
      const broker = await makeMosquitto(t)
      const shared = configOf(broker.url)
      const one = makeMqttFeed({ ...shared, clientIdPrefix: `${shared.clientIdPrefix}-a` })
      const other = makeMqttFeed({ ...shared, clientIdPrefix: `${shared.clientIdPrefix}-b` })
      t.after(() => Promise.all([one.feed.close(), other.feed.close()]))
      const arrived = new Set<string>()
      const heldByOne: FeedMessage[] = []
      // This one never answers, like a process that has died.
      await one.feed.start((message) => heldByOne.push(message))
      await other.feed.start((message) => acknowledgeSoon(message, arrived))
      await until(() => one.connections() === 2 && other.connections() === 2)
      const publisher = await connectPublisher(t, broker.url)
      const sending = publishMany(publisher, 'shared', 2000)
      await until(() => heldByOne.length >= 100 && arrived.size > 500)
      await one.feed.close()
      await sending
      t.ok(arrived.size < 2000, 'some are with the one that is gone')
      const successor = makeMqttFeed({ ...shared, clientIdPrefix: `${shared.clientIdPrefix}-a` })
      t.after(() => successor.feed.close())
      await successor.feed.start((message) => acknowledgeSoon(message, arrived))
      await until(() => arrived.size === 2000, { what: 'all have arrived' })
    },
  )

  t.test(
    `${client}: refusals while all others go on: each message arrives in the end`,
    async (t) => {
      const broker = await makeMosquitto(t)
      const { feed, reopened } = makeMqttFeed(configOf(broker.url, { connections: 1 }))
      t.after(() => feed.close())
      const arrived = new Set<string>()
      let seen = 0
      await feed.start((message) => {
        seen += 1
        if (seen % 150 === 0) message.refuse('try again')
        else acknowledgeSoon(message, arrived)
      })
      const publisher = await connectPublisher(t, broker.url)
      await publishMany(publisher, 'refused', 500)
      await until(() => arrived.size === 500, { what: 'all have arrived' })
      t.ok(reopened.length >= 1 && reopened.length <= 6, `${reopened.length} new connections`)
    },
  )

  t.test(`${client}: events of the platform change hands without a loss`, async (t) => {
    const broker = await makeMosquitto(t)
    const config = configOf(broker.url, { platformEvents: true, connections: 1 })
    const leases = soleHolder()
    const arrived = new Map<string, number>()
    const holders = new Set<number>()
    const feeds = [0, 1].map(() => makeMqttFeed(config, leases).feed)
    t.after(() => Promise.all(feeds.map((feed) => feed.close())))
    for (const [number, feed] of feeds.entries()) {
      await feed.start((message) => {
        if (message.topic !== EVENTS_TOPIC) return
        holders.add(number)
        const text = textOf(message)
        arrived.set(text, (arrived.get(text) ?? 0) + 1)
        message.acknowledge()
      })
    }
    const publisher = await connectPublisher(t, broker.url)
    // Nobody keeps an event from before the first subscription.
    await until(async () => {
      await publisher.publishAsync(EVENTS_TOPIC, 'first', { qos: 1 })
      return arrived.has('first')
    })
    for (let number = 0; number < 400; number += 1) {
      if (number % 100 === 50) leases.takeAway()
      await publisher.publishAsync(EVENTS_TOPIC, `event ${number}`, { qos: 1 })
    }
    await until(() => arrived.size === 401, { what: 'every event' })
    await feeds[0]?.close()
    await publisher.publishAsync(EVENTS_TOPIC, 'after the end of one', { qos: 1 })
    await until(() => arrived.has('after the end of one'))
    t.equal(holders.size, 2, 'both have had it')
  })
}

t.test(
  'two instances that have no database in common are told why they expel each other',
  async (t) => {
    const broker = await makeMosquitto(t)
    const config = mqttFeedConfig(broker.url)
    const feeds = [makeMqttFeed(config, soleHolder()), makeMqttFeed(config, soleHolder())]
    t.after(() => Promise.all(feeds.map(({ feed }) => feed.close())))
    for (const { feed } of feeds) await feed.start((message) => message.acknowledge())
    const advice = /another process .*DATABASE=postgres.* its own MQTT_CLIENT_ID_PREFIX/
    const isTold = () =>
      feeds.every(({ failures }) => failures.some((failure) => advice.test(failure)))
    await until(isTold, { withinMs: 60_000, what: 'the advice' })
    const words = feeds.flatMap(({ failures }) => failures.slice(0, 1))
    t.comment(words.join('\n'))
  },
)

/** As a batch writer does: some time later, many at once. */
function acknowledgeSoon(message: FeedMessage, arrived: Set<string>): void {
  setImmediate(() => {
    arrived.add(textOf(message))
    message.acknowledge()
  })
}

function textOf({ payload }: FeedMessage): string {
  return Buffer.from(payload).toString('utf8')
}

/** In small groups, each acknowledged by the broker: what it has is counted, not hoped for. */
async function publishMany(client: MqttClient, name: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 50) {
    const numbers = Array.from({ length: Math.min(50, count - from) }, (_, at) => from + at)
    await Promise.all(
      numbers.map((number) => client.publishAsync(TOPIC, `${name} ${number}`, { qos: 1 })),
    )
  }
}
