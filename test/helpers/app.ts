import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { type Logger, pino } from 'pino'
import { createEmbeddedFleetIndex } from '../../src/adapters/fleet-index/embedded.ts'
import { type AppDeps, buildApp } from '../../src/app.ts'
import type { RedriveResult } from '../../src/dead-letters/redrive.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { createLiveVehicles, type LiveVehicles } from '../../src/fleet/live-vehicles.ts'
import { createKeys, type Keys } from '../../src/http/auth.ts'
import type { AccessRole } from '../../src/http/caller.ts'
import { type KeyPair, loadKeyPair, signToken } from '../../src/http/local-keys.ts'
import { createMetrics, type Metrics } from '../../src/http/metrics.ts'
import type { DeadLetters } from '../../src/ports/dead-letters.ts'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import { openDeadLetters } from './dead-letters.ts'

/** The real application on embedded adapters in a folder of its own. */
export interface TestApp {
  readonly app: FastifyInstance
  readonly index: FleetIndex
  readonly deadLetters: DeadLetters
  readonly live: LiveVehicles
  readonly keys: Keys
  readonly metrics: Metrics
  readonly clock: { time: number; now(): number }
  readonly logLines: JsonObject[]
  /** What the next redrives answer. */
  readonly redrives: RedriveResult[]
  token(role: AccessRole, subject?: string): string
  get(url: string, options?: GetOptions): Promise<LightMyRequestResponse>
  /** `filters` as the original's clients send it. */
  ask(
    path: string,
    filters: unknown,
    options?: GetOptions & { units?: string },
  ): Promise<LightMyRequestResponse>
  write(...changes: FleetChange[]): Promise<void>
}

interface GetOptions {
  readonly role?: AccessRole | 'none'
  readonly method?: 'GET' | 'POST'
  readonly headers?: Record<string, string>
}

export interface TestAppOptions {
  readonly rateLimitPerSecond?: number
  readonly clustersMax?: number
  readonly trustedProxies?: readonly string[]
  readonly corsOrigins?: readonly string[]
  readonly intervalMs?: number
  readonly heartbeatIntervalMs?: number
  readonly clientsMax?: number
  readonly deps?: Partial<AppDeps>
}

interface Test {
  after(close: () => unknown): void
}

export async function startTestApp(t: Test, options: TestAppOptions = {}): Promise<TestApp> {
  const { rateLimitPerSecond = 0, clustersMax = 2500 } = options
  const { trustedProxies = [], corsOrigins = [] } = options
  const { intervalMs = 10, heartbeatIntervalMs = 15_000, clientsMax = 10 } = options
  const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-http-'))
  const clock = { time: Date.now(), now: () => clock.time }
  const metrics = createMetrics()
  const keyDir = join(dataDir, 'keys')
  const checks = { issuer: undefined, audience: undefined }
  const keys = createKeys({ provider: 'local-keys', keyDir, ...checks })
  const pair = await loadKeyPair(keyDir)
  const index = createEmbeddedFleetIndex({ adapter: 'embedded', dataDir, sizeMaxBytes: 1e9 })
  const { deadLetters, close } = await openDeadLetters(dataDir)
  await Promise.all([keys.open(), index.open()])
  const live = createLiveVehicles({ intervalMs, heartbeatIntervalMs, clientsMax, metrics, clock })
  const { logger, logLines } = createTestLogger()
  const redrives: RedriveResult[] = []
  const app = await buildApp({
    config: {
      http: { host: '127.0.0.1', port: 0, rateLimitPerSecond, trustedProxies, corsOrigins },
      queries: { clustersMax },
    },
    logger,
    metrics,
    clock,
    keys,
    health: { check: async () => [] },
    fleet: { index, live },
    deadLetters: {
      store: deadLetters,
      redrive: async () => redrives.shift() ?? { outcome: 'accepted' },
    },
    ...options.deps,
  })
  await app.ready()
  t.after(async () => {
    await app.close()
    await Promise.all([index.close(), close()])
    await rm(dataDir, { recursive: true, force: true })
  })
  const token = (role: AccessRole, subject = `a ${role}`): string => tokenOf(pair, role, subject)
  const get = (url: string, request: GetOptions = {}): Promise<LightMyRequestResponse> => {
    const { role = 'viewer', method = 'GET', headers = {} } = request
    const authorization = role === 'none' ? {} : { authorization: `Bearer ${token(role)}` }
    const injected: InjectOptions = { method, url, headers: { ...authorization, ...headers } }
    return app.inject(injected)
  }
  return {
    app,
    index,
    deadLetters,
    live,
    keys,
    metrics,
    clock,
    logLines,
    redrives,
    token,
    get,
    ask(path, filters, { units, ...request } = {}) {
      const suffix = units === undefined ? '' : `&units=${units}`
      return get(`${path}?filters=${encodeURIComponent(JSON.stringify(filters))}${suffix}`, request)
    },
    async write(...changes) {
      const report = await index.write(changes)
      assert.deepEqual(report.rejected, [])
      assert.deepEqual(report.retry, [])
    },
  }
}

function tokenOf(pair: KeyPair, role: AccessRole, subject: string): string {
  return signToken(pair, { subject, roles: [role], lifetimeMs: 3_600_000 })
}

function createTestLogger(): { logger: Logger; logLines: JsonObject[] } {
  const logLines: JsonObject[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  return { logger: pino({ level: 'trace' }, destination), logLines }
}
