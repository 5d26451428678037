import t from 'tap'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createStoredLeases } from '../../src/adapters/leases/stored.ts'
import type { MqttFeedConfig } from '../../src/config/adapters.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { startLimitedBroker } from '../helpers/limited-broker.ts'
import { MQTT_CLIENTS, makeMqttFeed, mqttFeedConfig } from '../helpers/mqtt-feed.ts'
import { until } from '../helpers/until.ts'

// AWS IoT Core: 100 unacknowledged messages and 100 messages a second for each connection.

const TOPIC = 'dt/cvra/ECU-1/cardata'

for (const client of MQTT_CLIENTS) {
  const configOf = (url: string, overrides: Partial<MqttFeedConfig> = {}) =>
    mqttFeedConfig(url, { client, ...overrides })

  t.test(
    `${client}: 100 are out, no more come; acknowledging in batches keeps them coming`,
    async (t) => {
      const broker = await startLimitedBroker(t)
      const { feed } = makeMqttFeed(configOf(broker.url, { connections: 3 }))
      t.after(() => feed.close())
      const held: FeedMessage[] = []
      const arrived = new Set<string>()
      await feed.start((message) => {
        held.push(message)
        arrived.add(textOf(message))
      })
      for (let number = 0; number < 5000; number += 1) broker.publish(TOPIC, `${number}`)
      await until(() => held.length === 300, { what: 'every connection is full' })
      t.equal(broker.mostInFlight(), 100)
      await until(() => {
        for (const message of held.splice(0)) message.acknowledge()
        return broker.waiting() === 0
      })
      t.equal(arrived.size, 5000)
      t.equal(broker.mostInFlight(), 100)
    },
  )

  t.test(
    `${client}: 100 a second on each connection: more connections, more messages`,
    async (t) => {
      const broker = await startLimitedBroker(t, { ratePerSecond: 100 })
      const { feed, failures, reopened } = makeMqttFeed(configOf(broker.url, { connections: 8 }))
      t.after(() => feed.close())
      let arrived = 0
      await feed.start((message) => {
        arrived += 1
        message.acknowledge()
      })
      for (let number = 0; number < 1600; number += 1) broker.publish(TOPIC, `${number}`)
      await until(() => broker.waiting() === 0)
      t.equal(arrived, 1600)
      t.strictSame([failures, reopened], [[], []])
    },
  )

  t.test(
    `${client}: connections are cut with all of them full: everything comes again`,
    async (t) => {
      const broker = await startLimitedBroker(t)
      const { feed, connections } = makeMqttFeed(configOf(broker.url, { connections: 2 }))
      t.after(() => feed.close())
      const held: FeedMessage[] = []
      const arrived = new Map<string, number>()
      await feed.start((message) => {
        held.push(message)
        arrived.set(textOf(message), (arrived.get(textOf(message)) ?? 0) + 1)
      })
      for (let number = 0; number < 1000; number += 1) broker.publish(TOPIC, `${number}`)
      await until(() => held.length === 200)
      broker.cut()
      await until(() => connections() === 0, { what: 'the loss is seen' })
      // Void: their packet ids may be another message's by now.
      for (const message of held.splice(0)) message.acknowledge()
      await until(() => held.length === 200, { what: 'the same 200 again' })
      t.equal(broker.waiting(), 1000, 'nothing was acknowledged by the old handles')
      await until(() => {
        for (const message of held.splice(0)) message.acknowledge()
        return broker.waiting() === 0
      })
      t.equal(arrived.size, 1000)
      t.equal([...arrived.values()].filter((times) => times === 2).length, 200)
      t.ok(broker.mostInFlight() <= 100)
    },
  )

  t.test(
    `${client}: whatever is refused, a client id connects at most about once a second`,
    async (t) => {
      const broker = await startLimitedBroker(t)
      const { feed, reopened } = makeMqttFeed(configOf(broker.url, { connections: 1 }))
      t.after(() => feed.close())
      let attempts = 0
      await feed.start((message) => {
        attempts += 1
        if (reopened.length < 2) message.refuse('the store is away')
        else message.acknowledge()
      })
      for (let number = 0; number < 300; number += 1) broker.publish(TOPIC, `${number}`)
      await until(() => broker.waiting() === 0)
      t.ok(attempts >= 500, `${attempts} attempts`)
      t.equal(broker.mostConnects(), 1)
    },
  )

  t.test(
    'a session that is left is sent at 10 a second, amid other messages: all of it',
    async (t) => {
      const broker = await startLimitedBroker(t, { inFlightMax: 130, storedPerSecond: 10 })
      const config = configOf(broker.url, { connections: 1, unacknowledgedMax: 130 })
      const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: engineFolder(t) })
      await database.open()
      t.teardown(() => database.close())
      const start = async (instance: string, deliver: (message: FeedMessage) => void) => {
        const leases = createStoredLeases({ database, instance })
        const made = makeMqttFeed(config, leases, { sweep: { intervalMs: 300, quietMs: 1500 } })
        t.after(() => made.feed.close())
        await made.feed.start(deliver)
        return made
      }
      const held = new Set<string>()
      const leaving = await start('leaving', (message) => void held.add(textOf(message)))
      let number = 0
      for (; number < 130; number += 1) broker.publish(TOPIC, `${number}`)
      await until(() => held.size === 130, { what: 'its connection is full' })
      const arrived = new Set<string>()
      const staying = await start('staying', (message) => {
        arrived.add(textOf(message))
        message.acknowledge()
      })
      await leaving.feed.close()
      const hasAll = () => {
        for (const end = number + 3; number < end; number += 1) broker.publish(TOPIC, `${number}`)
        return [...held].every((text) => arrived.has(text))
      }
      await until(hasAll, { withinMs: 60_000, what: 'what was left, while it is never quiet' })
      await until(() => staying.members.includes('drained 1'), { what: 'its end' })
      t.equal(broker.waiting(), 0)
      t.equal(arrived.size, number)
    },
  )
}

function textOf({ payload }: FeedMessage): string {
  return Buffer.from(payload).toString('utf8')
}
