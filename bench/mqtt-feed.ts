import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startMosquitto } from '../test/engines/mosquitto.ts'
import { MQTT_CLIENTS, makeMqttFeed, mqttFeedConfig } from '../test/helpers/mqtt-feed.ts'
import { report } from './lib/report.ts'

// The MQTT feed alone: Mosquitto → feed → a handler that acknowledges at once. The messages are
// queued in the feed's sessions before it starts to take them.

const { values } = parseArgs({ options: { messages: { type: 'string', default: '100000' } } })
const messages = Number(values.messages)
const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-bench-'))
const rows: Record<string, string | number>[] = []
const runs = MQTT_CLIENTS.flatMap((client) =>
  [1, 4, 16].map((connections) => ({ client, connections })),
)
for (const { client, connections } of runs) {
  const broker = await startMosquitto({ folder: join(folder, `${client}-${connections}`) })
  const config = mqttFeedConfig(broker.url, { client, connections })
  // Makes the sessions.
  const before = makeMqttFeed(config)
  await before.feed.start(() => undefined)
  while (before.connections() < connections) await pause(10)
  await before.feed.close()
  const flags = ['--port', String(broker.port), '--messages', values.messages, '--connections', '8']
  await once(fork(new URL('./ingest-client.ts', import.meta.url), flags), 'exit')
  const { feed, reopened } = makeMqttFeed(config)
  let taken = 0
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await feed.start((message) => {
    taken += 1
    message.acknowledge()
  })
  while (taken < messages) await pause(1)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  rows.push({
    client,
    connections,
    'messages/s': Math.round(messages / seconds),
    'CPU s/100k': ((user + system) / 1e6 / messages) * 100_000,
    'opened anew': reopened.length,
  })
  await feed.close()
  await broker.stop()
}
await rm(folder, { recursive: true, force: true })
report(`MQTT feed alone: ${messages} messages of ~800 bytes`, rows)
process.exit(0)
