import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { choosePort, type Engine, type EngineOptions, startEngine } from './engine.ts'

const READY_WITHIN_MS = 30_000

/** What clients of the emulator need; it believes every key. */
export const AWS_EMULATOR_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
} as const

export interface AwsOptions extends EngineOptions {
  /** JSON file of the queues and buckets to make at the start, as docker/aws/init.json. */
  readonly init?: string
}

/** An emulator of SQS and S3 (fauxqs) that keeps its data in the folder. */
export async function startAws(options: AwsOptions): Promise<Engine> {
  const folder = resolve(options.folder)
  const data = join(folder, 'data')
  const port = await choosePort(options.port)
  await mkdir(data, { recursive: true })
  const script = resolve(import.meta.dirname, 'aws-process.ts')
  const init = options.init === undefined ? [] : ['--init', resolve(options.init)]
  const url = `http://127.0.0.1:${port}`
  return startEngine({
    name: 'The SQS and S3 emulator',
    command: process.execPath,
    args: [script, '--port', String(port), '--folder', data, ...init],
    options: { folder, port },
    url,
    env: { NODE_OPTIONS: '' },
    ready: async () => (await fetch(`${url}/health`)).status < 500,
    readyWithinMs: READY_WITHIN_MS,
  })
}
