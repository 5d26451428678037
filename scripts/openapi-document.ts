import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createPorts } from '../src/adapters/create-ports.ts'
import { buildApp } from '../src/app.ts'
import { archiveRoutes } from '../src/archive/routes.ts'
import { createConfig } from '../src/config/config.ts'
import { readEnv } from '../src/config/env.ts'
import { createCharging } from '../src/create-charging.ts'
import { createSubmissions } from '../src/create-submissions.ts'
import { systemClock as clock } from '../src/domain/clock.ts'
import { createLiveVehicles } from '../src/fleet/live-vehicles.ts'
import { createKeys } from '../src/http/auth.ts'
import { createMetrics } from '../src/http/metrics.ts'
import { observeAdapters } from '../src/observe-adapters.ts'

/** The document of every route, as the running service shows it. Nothing is opened for it. */
export async function createOpenapiDocument(): Promise<string> {
  const config = createConfig(readEnv({ DATA_DIR: join(tmpdir(), 'fleetgrid-openapi') }))
  const metrics = createMetrics()
  const logger = pino({ level: 'silent' })
  const keys = createKeys(config.auth, clock)
  const instance = 'document'
  const onWaiting = (): void => undefined
  const hooks = observeAdapters({ metrics, keys, logger, clock, onWaiting })
  const ports = createPorts(config, { instance, now: clock.now, hooks })
  const deliver = (): void => undefined
  const { signal } = new AbortController()
  const firehose = { accessKey: 'document', objectPrefix: '', csv: undefined }
  const app = await buildApp({
    ...{ config, logger, metrics, clock, keys },
    health: { check: async () => [] },
    fleet: {
      index: ports.fleetIndex,
      live: createLiveVehicles({ ...config.stream, metrics, clock }),
    },
    charging: createCharging({ config, ports, instance, metrics, logger, clock }),
    submissions: createSubmissions({
      ...{ config: { ...config.pipelines, firehose }, ports, metrics, logger, clock },
    }).routes,
    archive: async (app) => {
      const archive = { ...ports, objectPrefix: '', objectMaxMs: 0 }
      await app.register(archiveRoutes, { ...archive, deliver, signal, now: clock.now })
    },
    deliver,
    deadLetters: { store: ports.deadLetters, redrive: async () => ({ outcome: 'accepted' }) },
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
