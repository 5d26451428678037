import { resolve } from 'node:path'
import { createTestStream } from '../helpers/kinesis.ts'
import { choosePort, type Engine, type EngineOptions, startEngine } from './engine.ts'

const READY_WITHIN_MS = 30_000

export interface KinesisOptions extends EngineOptions {
  /** To make at the start. */
  readonly stream?: { readonly name: string; readonly shards: number }
}

/** An emulator of Kinesis (kinesalite). It keeps everything in memory: it is gone with it. */
export async function startKinesis(options: KinesisOptions): Promise<Engine> {
  const { stream } = options
  const folder = resolve(options.folder)
  const port = await choosePort(options.port)
  const url = `http://127.0.0.1:${port}`
  const engine = await startEngine({
    name: 'The Kinesis emulator',
    command: process.execPath,
    args: [resolve(import.meta.dirname, 'kinesis-process.ts'), '--port', String(port)],
    options: { folder, port },
    url,
    env: { NODE_OPTIONS: '' },
    // Any answer: it has no other page.
    ready: async () => (await fetch(url)).status < 500,
    readyWithinMs: READY_WITHIN_MS,
  })
  if (stream !== undefined) await createTestStream(url, stream.name, stream.shards)
  return engine
}
