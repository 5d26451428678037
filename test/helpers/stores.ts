import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AWS_EMULATOR_ENV, startAws } from '../engines/aws.ts'
import { startPostgres } from '../engines/postgres.ts'
import { type Restartable, startRestartable } from './restartable.ts'

export interface Stores {
  readonly env: Record<string, string>
  readonly postgres: Restartable
  readonly s3: Restartable
}

/** What instances share beside the feed and the index: PostgreSQL and S3, of this test alone. */
export async function startStores(
  t: { teardown(close: () => unknown): void },
  folder: string,
): Promise<Stores> {
  const init = join(folder, 'init.json')
  await writeFile(init, JSON.stringify({ buckets: ['fleetgrid'] }))
  const s3 = await startRestartable(t, (port) =>
    startAws({ folder: join(folder, 'aws'), init, port }),
  )
  const postgres = await startRestartable(t, (port) =>
    startPostgres({ folder: join(folder, 'postgres'), port }),
  )
  const env = {
    ...AWS_EMULATOR_ENV,
    AWS_ENDPOINT_URL: s3.url,
    OBJECT_STORE: 's3',
    S3_BUCKET: 'fleetgrid',
    DATABASE: 'postgres',
    DATABASE_URL: postgres.url,
    DATABASE_TLS: 'off',
    CHARGE_POINT_KEY_SECRET: 'the same for all instances of a test',
  }
  return { env, postgres, s3 }
}
