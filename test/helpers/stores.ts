import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AWS_EMULATOR_ENV, startAws } from '../engines/aws.ts'
import type { Engine } from '../engines/engine.ts'
import { startPostgres } from '../engines/postgres.ts'

export interface Stores {
  readonly env: Record<string, string>
  /** Ends it by SIGKILL; the answer starts it again with its data. */
  killPostgres(): Promise<() => Promise<void>>
  killS3(): Promise<() => Promise<void>>
}

/** What instances share beside the feed and the index: PostgreSQL and S3, of this test alone. */
export async function startStores(
  t: { teardown(close: () => unknown): void },
  folder: string,
): Promise<Stores> {
  const init = join(folder, 'init.json')
  await writeFile(init, JSON.stringify({ buckets: ['fleetgrid'] }))
  const aws = await startKillable((port) => startAws({ folder: join(folder, 'aws'), init, port }))
  t.teardown(() => aws.stop())
  const postgres = await startKillable((port) =>
    startPostgres({ folder: join(folder, 'postgres'), port }),
  )
  t.teardown(() => postgres.stop())
  return {
    env: {
      ...AWS_EMULATOR_ENV,
      AWS_ENDPOINT_URL: aws.url,
      OBJECT_STORE: 's3',
      S3_BUCKET: 'fleetgrid',
      DATABASE: 'postgres',
      DATABASE_URL: postgres.url,
      DATABASE_TLS: 'off',
    },
    killPostgres: postgres.kill,
    killS3: aws.kill,
  }
}

async function startKillable(start: (port: number) => Promise<Engine>) {
  let engine = await start(0)
  const { url, port } = engine
  return {
    url,
    stop: () => engine.stop(),
    async kill() {
      await engine.kill()
      return async () => {
        engine = await start(port)
      }
    },
  }
}
