import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Engine } from '../engines/engine.ts'
import { type MosquittoOptions, startMosquitto } from '../engines/mosquitto.ts'

interface Test {
  after(close: () => unknown): void
}

/** A broker of the test's own: empty, and it may be stopped and killed. */
export async function makeMosquitto(
  t: Test,
  options: Omit<MosquittoOptions, 'folder'> = {},
): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetgrid-mosquitto-'))
  let engine: Engine = await startMosquitto({ folder, ...options })
  const { url, port } = engine
  t.after(async () => {
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url,
    stop: () => engine.stop(),
    async start() {
      engine = await startMosquitto({ folder, ...options, port })
    },
  }
}

export interface TestBroker {
  readonly url: string
  /** Ends it as an operator does; messages that wait are saved. */
  stop(): Promise<void>
  /** On the same port, with what was saved. */
  start(): Promise<void>
}

/** A client that keeps on trying and keeps its messages until they are acknowledged. */
export async function connectPublisher(t: Test, url: string): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 100 })
  client.on('error', () => undefined)
  t.after(() => client.endAsync(true))
  return client
}
