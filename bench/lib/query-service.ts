import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createOpenSearchFleetIndex } from '../../src/adapters/fleet-index/opensearch.ts'
import { buildApp } from '../../src/app.ts'
import { createConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { systemClock as clock } from '../../src/domain/clock.ts'
import { createLiveVehicles } from '../../src/fleet/live-vehicles.ts'
import { createKeys } from '../../src/http/auth.ts'
import { loadKeyPair, signToken } from '../../src/http/local-keys.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { benchConfig } from './opensearch-config.ts'

// The REST side of the service in a process of its own, on an index that is filled already. What
// ingest would add, a registry of the whole fleet in memory, has no part in a query.
// Prints its address and a token as JSON; ends on SIGTERM.

const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-query-service-'))
const config = createConfig(readEnv({ DATA_DIR: dataDir, HTTP_RATE_LIMIT_PER_SECOND: '0' }))
const metrics = createMetrics()
const keys = createKeys(config.auth, clock)
const index = createOpenSearchFleetIndex(benchConfig(), { instance: 'bench', now: clock.now })
await Promise.all([keys.open(), index.open()])
const app = await buildApp({
  ...{ config, metrics, clock, keys },
  logger: pino({ level: 'warn' }),
  health: { check: async () => [] },
  fleet: { index, live: createLiveVehicles({ ...config.stream, metrics, clock }) },
})
const http = await app.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', async () => {
  await app.close()
  await index.close()
  await rm(dataDir, { recursive: true, force: true })
})
const pair = await loadKeyPair(join(dataDir, 'keys'))
const token = signToken(pair, { subject: 'bench', roles: ['viewer'], lifetimeMs: 86_400_000 })
console.log(JSON.stringify({ http, token }))
