import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { type Config, createConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { createFleetgrid, type Fleetgrid } from '../../src/fleetgrid.ts'
import type { AccessRole } from '../../src/http/caller.ts'
import { loadKeyPair, signToken } from '../../src/http/local-keys.ts'

/** The whole service in this process, on embedded adapters and free ports. */
export interface RunningFleetgrid {
  readonly fleetgrid: Fleetgrid
  readonly config: Config
  readonly clock: { ahead: number; now(): number }
  readonly mqttUrl: string
  readonly httpUrl: string
  /** An MQTT client that is closed with the test. */
  connect(options?: IClientOptions): Promise<MqttClient>
  get(path: string, role?: AccessRole): Promise<{ status: number; body: any }>
  post(path: string, role?: AccessRole): Promise<{ status: number; body: any }>
  /** As an operator. */
  send(
    method: 'PUT' | 'PATCH' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: any }>
  /** A sample of /metrics whose name and labels match, or 0. */
  metric(pattern: RegExp): Promise<number>
  token(role: AccessRole, subject?: string): Promise<string>
}

interface Test {
  after(close: () => unknown): void
}

export async function startFleetgrid(
  t: Test,
  env: Record<string, string> = {},
): Promise<RunningFleetgrid> {
  const dataDir = env['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'fleetgrid-test-')))
  const config = createConfig(
    readEnv({
      DATA_DIR: dataDir,
      HTTP_PORT: '0',
      MQTT_PORT: '0',
      HTTP_RATE_LIMIT_PER_SECOND: '0',
      ...env,
    }),
  )
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead }
  const logger = pino({ level: 'silent' })
  const fleetgrid = await createFleetgrid(config, { logger, clock })
  await fleetgrid.start()
  t.after(async () => {
    await fleetgrid.drain()
    await fleetgrid.close()
    if (env['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true })
  })
  const { http: httpUrl, mqtt } = fleetgrid.urls()
  const mqttUrl = mqtt[0] ?? ''
  const token = async (role: AccessRole, subject = 'tester'): Promise<string> =>
    signToken(await loadKeyPair(join(dataDir, 'keys')), {
      roles: [role],
      subject,
      lifetimeMs: 3_600_000,
    })
  const ask = async (method: string, path: string, role: AccessRole, content?: object) => {
    const headers = {
      authorization: `Bearer ${await token(role)}`,
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const body = content === undefined ? null : JSON.stringify(content)
    const answer = await fetch(`${httpUrl}${path}`, { method, headers, body })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return {
    fleetgrid,
    config,
    clock,
    mqttUrl,
    httpUrl,
    token,
    get: (path, role = 'operator') => ask('GET', path, role),
    post: (path, role = 'operator') => ask('POST', path, role),
    send: (method, path, body) => ask(method, path, 'operator', body),
    async connect(options = {}) {
      const client = await connectAsync(mqttUrl, {
        protocolVersion: 4,
        reconnectPeriod: 0,
        ...options,
      })
      t.after(() => client.endAsync(true))
      return client
    },
    async metric(pattern) {
      const text = await (await fetch(`${httpUrl}/metrics`)).text()
      const lines = text.split('\n').filter((line) => !line.startsWith('#') && pattern.test(line))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
  }
}

/** Publishes with QoS 1 and resolves with the PUBACK. */
export async function publish(client: MqttClient, topic: string, message: unknown): Promise<void> {
  const payload = Buffer.isBuffer(message) ? message : Buffer.from(JSON.stringify(message))
  await client.publishAsync(topic, payload, { qos: 1 })
}

export const TOPICS = {
  cardata: 'dt/cvra/ECU-1/cardata',
  trip: 'dt/cvra/ECU-1/trip',
  dtc: 'dt/cvra/ECU-1/dtc',
  event: 'dt/cvra/ECU-1/event',
  device: 'cdf/assetlibrary/events/devices/ecu-1/modify',
  group: 'cdf/assetlibrary/events/groups/%2Fauto%2Fvehicles%2Fx/create',
  job: '$aws/events/jobExecution/cdf-1/succeeded',
} as const
