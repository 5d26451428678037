import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectAsync } from 'mqtt'
import { endChild } from './end-child.ts'
import { startServer } from './server.ts'
import { telegrafConfig } from './telegraf.ts'

// Each takes the cardata of all vehicles from a broker in a persistent session, QoS 1, puts it into
// bulks and acknowledges what the sink has answered.

export interface Contestant {
  readonly pid: number
  stop(): Promise<void>
}

/** Resolves when it takes messages, or has a session at the broker that collects them. */
export type StartContestant = (mqttUrl: string, sinkUrl: string) => Promise<Contestant>

const TOPIC = 'dt/cvra/+/cardata'

/** The service, its database and dead letters as by default; decodes, checks, merges, keeps latest. */
export function fleetgridOf(env: Readonly<Record<string, string>>): StartContestant {
  return (mqttUrl, sinkUrl) =>
    startServer({
      TELEMETRY_FEED: 'mqtt',
      MQTT_URL: mqttUrl,
      MQTT_PLATFORM_EVENTS: 'off',
      FLEET_INDEX: 'opensearch',
      OPENSEARCH_URL: sinkUrl,
      OPENSEARCH_REPLICAS: '0',
      ...env,
    })
}

/** bare-forwarder.ts: messages into bulks as they are. */
export async function startForwarder(mqttUrl: string, sinkUrl: string): Promise<Contestant> {
  await openSession(mqttUrl, 'bare-1', 5)
  const args = ['bench/lib/bare-forwarder.ts', '--mqtt', mqttUrl, '--sink', sinkUrl]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, stop: () => endChild(child) }
}

/** Telegraf with the plugins mqtt_consumer, which speaks MQTT 3.1.1 only, and opensearch. */
export function telegrafOf(binary: string): StartContestant {
  return async (mqttUrl, sinkUrl) => {
    await openSession(mqttUrl, 'telegraf', 4)
    const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-telegraf-'))
    const config = join(folder, 'telegraf.conf')
    await writeFile(config, telegrafConfig(mqttUrl, sinkUrl))
    const child = spawn(binary, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    const log: string[] = []
    const lines = createInterface({ input: child.stderr })
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (line.includes('Connected [')) resolve()
        if (line.includes(' E! ')) console.error(`telegraf: ${line}`)
        log.push(line)
        log.splice(0, log.length - 20)
      })
      child.once('exit', () => reject(new Error(`Telegraf ended:\n${log.join('\n')}`)))
      child.once('error', reject)
    })
    const stop = async (): Promise<void> => {
      await endChild(child)
      await rm(folder, { recursive: true, force: true })
    }
    return { pid: child.pid ?? 0, stop }
  }
}

/** So that what is published before it is there waits for it. */
async function openSession(url: string, clientId: string, protocolVersion: 4 | 5): Promise<void> {
  const properties = protocolVersion === 5 ? { sessionExpiryInterval: 3600 } : {}
  const client = await connectAsync(url, { clientId, protocolVersion, clean: false, properties })
  await client.subscribeAsync(TOPIC, { qos: 1 })
  await client.endAsync()
}
