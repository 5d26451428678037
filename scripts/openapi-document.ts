import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createEmbeddedDatabase } from '../src/adapters/database/embedded.ts'
import { createStoredDeadLetters } from '../src/adapters/dead-letters/stored.ts'
import { createEmbeddedFleetIndex } from '../src/adapters/fleet-index/embedded.ts'
import { createFolderObjectStore } from '../src/adapters/object-store/folder.ts'
import { buildApp } from '../src/app.ts'
import { systemClock } from '../src/domain/clock.ts'
import { createLiveVehicles } from '../src/fleet/live-vehicles.ts'
import { createKeys } from '../src/http/auth.ts'
import { createMetrics } from '../src/http/metrics.ts'

/** The document of every route, as the running service shows it. Nothing is opened for it. */
export async function createOpenapiDocument(): Promise<string> {
  const dataDir = join(tmpdir(), 'fleetgrid-openapi')
  const metrics = createMetrics()
  const clock = systemClock
  const keys = { provider: 'local-keys', keyDir: dataDir, issuer: undefined } as const
  const app = await buildApp({
    config: {
      http: {
        host: '127.0.0.1',
        port: 0,
        rateLimitPerSecond: 0,
        trustedProxies: [],
        corsOrigins: [],
      },
      queries: { clustersMax: 1 },
    },
    logger: pino({ level: 'silent' }),
    metrics,
    clock,
    keys: createKeys({ ...keys, audience: undefined }, clock),
    health: { check: async () => [] },
    fleet: {
      index: createEmbeddedFleetIndex({ adapter: 'embedded', dataDir, sizeMaxBytes: 1 }),
      live: createLiveVehicles({ intervalMs: 1000, clientsMax: 0, metrics, clock }),
    },
    deliver: () => undefined,
    deadLetters: {
      store: createStoredDeadLetters({
        database: createEmbeddedDatabase({ adapter: 'embedded', dataDir }),
        objectStore: createFolderObjectStore({ folder: dataDir }),
        sizeMaxBytes: 1,
        instance: 'document',
        now: clock.now,
      }),
      redrive: async () => ({ outcome: 'accepted' }),
    },
  })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return `${JSON.stringify(sorted(document), null, 2)}\n`
}

/** Maps by key, so that the order of registration doesn't show in a diff. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const)
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}
