import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createStoredDeadLetters } from '../../src/adapters/dead-letters/stored.ts'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import { createFolderObjectStore } from '../../src/adapters/object-store/folder.ts'
import { buildApp } from '../../src/app.ts'
import { createLiveVehicles } from '../../src/fleet/live-vehicles.ts'
import { createKeys } from '../../src/http/auth.ts'
import { loadKeyPair, signToken } from '../../src/http/local-keys.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { benchConfig } from './opensearch-config.ts'

// The REST side of the service in a process of its own, on an index that is filled already. What
// ingest would add, a registry of the whole fleet in memory, has no part in a query.
// Prints its address and a token as JSON; ends on SIGTERM.

const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-query-service-'))
const clock = { now: () => Date.now() }
const metrics = createMetrics()
const keyDir = join(dataDir, 'keys')
const keys = createKeys({
  provider: 'local-keys',
  keyDir,
  issuer: undefined,
  audience: undefined,
})
const pair = await loadKeyPair(keyDir)
const index = createOpenSearchFleetIndex(benchConfig(), { instance: 'bench', now: clock.now })
// Nothing is kept: its routes are only there because the app wants them.
const store = createStoredDeadLetters({
  database: createEmbeddedDatabase({ adapter: 'embedded', dataDir }),
  objectStore: createFolderObjectStore({ folder: dataDir }),
  ...{ sizeMaxBytes: 1e7, instance: 'bench', now: clock.now },
})
await Promise.all([keys.open(), index.open()])
const app = await buildApp({
  config: {
    http: {
      host: '127.0.0.1',
      port: 0,
      rateLimitPerSecond: 0,
      trustedProxies: [],
      corsOrigins: [],
    },
    queries: { clustersMax: 2500 },
  },
  logger: pino({ level: 'warn' }),
  metrics,
  clock,
  keys,
  health: { check: async () => [] },
  fleet: {
    index,
    live: createLiveVehicles({ intervalMs: 1000, clientsMax: 1, metrics, clock }),
  },
  deadLetters: { store, redrive: async () => ({ outcome: 'accepted' }) },
})
const http = await app.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', async () => {
  await app.close()
  await Promise.all([index.close(), store.close()])
  await rm(dataDir, { recursive: true, force: true })
})
const token = signToken(pair, { subject: 'bench', roles: ['viewer'], lifetimeMs: 86_400_000 })
console.log(JSON.stringify({ http, token }))
