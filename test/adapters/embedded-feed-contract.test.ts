import { connect, type MqttClient } from 'mqtt'
import t from 'tap'
import { createEmbeddedFeed } from '../../src/adapters/telemetry-feed/embedded.ts'
import type { TelemetryFeed } from '../../src/ports/telemetry-feed.ts'
import { telemetryFeedContract } from '../contracts/telemetry-feed.ts'

// The source are vehicles that keep their messages until they are acknowledged. Several, because
// the broker takes the next message of a connection when the one before is acknowledged.

const VEHICLES = 20
const RECONNECT = { reconnectPeriod: 20, connectTimeout: 1000 }

telemetryFeedContract(t, async (t) => {
  let port = 0
  const feeds: TelemetryFeed[] = []
  const open = (): TelemetryFeed => {
    const feed = createEmbeddedFeed({
      host: '127.0.0.1',
      port,
      anonymous: 'all',
      connectionsMax: 100,
      verifyToken: async () => {
        throw new Error('not asked for')
      },
      now: Date.now,
      onConnections: () => undefined,
      onRejected: () => undefined,
      onUnread: () => undefined,
      onPublish: () => undefined,
    })
    feeds.push(feed)
    return feed
  }
  const clients: MqttClient[] = []
  const vehicle = (number: number): MqttClient => {
    const known = clients[number]
    if (known !== undefined) return known
    // Where the first feed was listening the others will, too.
    const [url = ''] = feeds[0]?.describe().urls ?? []
    if (port === 0) port = Number(new URL(url).port)
    const client = connect(`mqtt://127.0.0.1:${port}`, {
      protocolVersion: 4,
      clean: false,
      ...RECONNECT,
      clientId: `${number}`,
    })
    client.on('error', () => undefined)
    t.teardown(() => client.endAsync(true))
    clients.push(client)
    return client
  }
  let published = 0
  return {
    open,
    async publish(topic, payload) {
      const client = vehicle(published % VEHICLES)
      published += 1
      void client.publishAsync(topic, Buffer.from(payload), { qos: 1 }).catch(() => undefined)
    },
  }
})
