import { resolve } from 'node:path'
import { choosePort, type Engine, type EngineOptions, startEngine } from './engine.ts'
import { installPython } from './python.ts'

const READY_WITHIN_MS = 30_000

/**
 * An emulator of DynamoDB and its streams, Kinesis, Firehose and S3 (moto), on 127.0.0.1 only. It keeps
 * everything in memory: it is gone with it.
 */
export async function startMoto(options: EngineOptions): Promise<Engine> {
  const python = await installPython('moto')
  const folder = resolve(options.folder)
  const port = await choosePort(options.port)
  const url = `http://127.0.0.1:${port}`
  return startEngine({
    name: 'The moto emulator',
    command: python,
    args: ['-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)],
    options: { folder, port },
    url,
    ready: async () => (await fetch(`${url}/moto-api/`)).ok,
    readyWithinMs: READY_WITHIN_MS,
  })
}
