import t from 'tap'
import { telemetryFeedContract } from '../contracts/telemetry-feed.ts'
import { connectPublisher, makeMosquitto } from '../helpers/mosquitto.ts'
import { MQTT_CLIENTS, makeMqttFeed, mqttFeedConfig } from '../helpers/mqtt-feed.ts'

// Each test has a broker of its own: on a shared one a feed would get the messages of all tests.

const IN_FLIGHT_MAX = 20

for (const client of MQTT_CLIENTS) {
  t.test(client, async (t) => {
    telemetryFeedContract(t, async (t) => {
      const { url } = await makeMosquitto(t)
      const config = mqttFeedConfig(url, {
        client,
        connections: 1,
        unacknowledgedMax: IN_FLIGHT_MAX,
      })
      const publisher = await connectPublisher(t, url)
      return {
        open: () => makeMqttFeed(config).feed,
        publish: async (topic, payload) => {
          await publisher.publishAsync(topic, Buffer.from(payload), { qos: 1 })
        },
        inFlightMax: IN_FLIGHT_MAX,
      }
    })
  })
}
