import { join } from 'node:path'
import { startAws } from './aws.ts'
import { ensureInstalled } from './debian.ts'
import type { Engine, EngineOptions } from './engine.ts'
import { type KinesisOptions, startKinesis } from './kinesis.ts'
import { startMosquitto } from './mosquitto.ts'
import { startOpenSearch } from './opensearch.ts'
import { startPostgres } from './postgres.ts'

const START = {
  opensearch: startOpenSearch,
  mosquitto: startMosquitto,
  postgres: startPostgres,
  aws: startAws,
  kinesis: startKinesis,
} as const satisfies Record<string, (options: EngineOptions) => Promise<Engine>>

export type EngineName = keyof typeof START
export type Engines = Readonly<Record<EngineName, Engine>>

interface AllOptions {
  /** Each engine has a folder in it. */
  readonly folder: string
  readonly ports?: Partial<Record<EngineName, number>>
  /** Queues and buckets to make, see startAws. */
  readonly awsInit?: string
  readonly stream?: KinesisOptions['stream']
  readonly onReady?: (name: EngineName, url: string, startedInMs: number) => void
}

/** Starts them side by side. @throws Error of the first that fails; the others are ended */
export async function startEngines(options: AllOptions): Promise<Engines> {
  const { folder, ports, awsInit, stream, onReady } = options
  const start = {
    ...START,
    aws: (own: EngineOptions) => startAws(awsInit === undefined ? own : { ...own, init: awsInit }),
    kinesis: (own: EngineOptions) => startKinesis(stream === undefined ? own : { ...own, stream }),
  }
  await ensureInstalled('java', 'maven', 'mosquitto', 'postgres')
  const startedAt = Date.now()
  const started: Engine[] = []
  const starts = Object.entries(start).map(async ([key, startOne]) => {
    const name = key as EngineName
    const engine = await startOne({ folder: join(folder, name), port: ports?.[name] })
    started.push(engine)
    onReady?.(name, engine.url, Date.now() - startedAt)
    return [name, engine] as const
  })
  const results = await Promise.allSettled(starts)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(started.map((engine) => engine.kill()))
    throw failed.reason
  }
  return Object.fromEntries(await Promise.all(starts)) as unknown as Engines
}

export async function stopEngines(engines: Engines): Promise<void> {
  await Promise.all(Object.values(engines).map((engine: Engine) => engine.stop()))
}
