import { access, constants, mkdir } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createPorts, type Ports } from './adapters/create-ports.ts'
import { lockDataFolder } from './adapters/data-folder-lock.ts'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { type Clock, systemClock } from './domain/clock.ts'
import { errorMessage } from './domain/errors.ts'
import { createLiveVehicles } from './fleet/live-vehicles.ts'
import { createKeys } from './http/auth.ts'
import { createMetrics } from './http/metrics.ts'
import { createCleanup } from './lib/cleanup.ts'
import { createRateBudget } from './lib/rate-budget.ts'
import type { FleetIndex } from './ports/fleet-index.ts'
import { createRetention } from './retention/retention.ts'
import { Ingest } from './telemetry/ingest.ts'

const CLOSE_GRACE_MS = 2000

export interface Fleetgrid {
  /** Opens everything in order; whatever fails closes what was opened, and rejects. */
  start(): Promise<void>
  /**
   * Intake stops, work in flight becomes durable and is acknowledged. False: not all of it within
   * the drain time-out; what was left is refused, so its senders try again.
   */
  drain(): Promise<boolean>
  /** Closes everything in reverse order, all of it, and rejects with what went wrong. */
  close(): Promise<void>
  /** For tests and tools in this process. */
  readonly ports: Ports
  /** Drops now what is past its retention, instead of at the next interval. */
  upkeep(): Promise<void>
  /** Where it can be reached, after start. */
  urls(): { readonly http: string; readonly mqtt: readonly string[] }
}

export interface FleetgridOptions {
  readonly logger: Logger
  readonly clock?: Clock
}

/**
 * The composition root, top to bottom: ports → services → app; then start, drain, close. Nothing
 * is opened before `start`.
 */
export async function createFleetgrid(
  config: Config,
  { logger, clock = systemClock }: FleetgridOptions,
): Promise<Fleetgrid> {
  const metrics = createMetrics()
  const keys = createKeys(config.auth, clock)
  const ports = createPorts(config, {
    now: clock.now,
    verifyToken: keys.verifyToken,
    onConnections: (count) => metrics.brokerConnections.set(count),
    onPublish: (outcome) => metrics.brokerPublishes.inc({ outcome }),
    onRejected: createRejectionLog(logger, clock),
  })
  const { telemetryFeed, fleetIndex, deadLetters } = ports

  const live = createLiveVehicles({ ...config.stream, metrics, clock })
  const ingest = new Ingest({
    ...ports,
    config: config.telemetry,
    onVehiclesChanged: live.changed.bind(live),
    metrics,
    logger,
    clock,
  })
  const retention = createRetention({ ...ports, ...config.retention, clock, metrics, logger })

  let isDraining = false
  const health = createHealth(fleetIndex, ingest, () => isDraining)
  const has = (role: 'fleet-api' | 'telemetry'): boolean => config.roles.has(role)
  const app = await buildApp({
    config,
    logger,
    metrics,
    clock,
    keys,
    health,
    ...(has('fleet-api') ? { fleet: { index: fleetIndex, live } } : {}),
    deadLetters: { store: deadLetters, redrive: (letter) => ingest.redrive(letter) },
    ...(has('telemetry') ? { mqttSocket: telemetryFeed.acceptStream.bind(telemetryFeed) } : {}),
  })

  const cleanup = createCleanup()
  const open = async (): Promise<void> => {
    await prepareDataFolder(config.dataDir)
    cleanup.add(await lockDataFolder(config.dataDir))
    await keys.open()
    await fleetIndex.open()
    cleanup.add(() => fleetIndex.close())
    await deadLetters.open()
    cleanup.add(() => deadLetters.close())
    await ingest.load()
    retention.start()
    cleanup.add(() => retention.stop())
    cleanup.add(() => closeApp(app))
    if (has('telemetry')) {
      cleanup.add(() => telemetryFeed.close())
      await telemetryFeed.start((message) => ingest.deliver(message))
      logger.info({ urls: telemetryFeed.describe().urls }, 'MQTT broker listens')
    }
    await listen(app, config.http)
  }

  return {
    async start() {
      try {
        await open()
      } catch (error) {
        await cleanup.run().catch((failed) => logger.error({ err: failed }, 'clean-up failed'))
        throw error
      }
    },
    async drain() {
      isDraining = true
      await retention.stop()
      await telemetryFeed.stopIntake()
      return finishWithin(config.drainTimeoutMs, ingest)
    },
    ports,
    close: () => cleanup.run(),
    upkeep: () => retention.runOnce(),
    urls: () => ({
      http: app.listeningOrigin,
      mqtt: has('telemetry') ? telemetryFeed.describe().urls : [],
    }),
  }
}

/** Who is turned away is said, but not a thousand times a second. */
function createRejectionLog(logger: Logger, clock: Clock) {
  const budget = createRateBudget(10, 10_000, clock.now)
  return (client: string | undefined, reason: string): void => {
    const suppressed = budget.take()
    if (suppressed !== undefined)
      logger.warn({ client, reason, suppressed }, 'MQTT client rejected')
  }
}

function createHealth(fleetIndex: FleetIndex, ingest: Ingest, isDraining: () => boolean) {
  return {
    async check(): Promise<readonly string[]> {
      if (isDraining()) return ['this instance is stopping']
      const index = await fleetIndex.check().then(
        () => [],
        (error: Error) => [`fleet index: ${error.message}`],
      )
      return [...index, ...ingest.problems()]
    },
  }
}

async function prepareDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK)
  } catch (error) {
    throw new Error(
      `DATA_DIR=${dataDir} is no folder that this process may write: ${errorMessage(error)}`,
      {
        cause: error,
      },
    )
  }
}

async function listen(app: FastifyInstance, { host, port }: Config['http']): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const hint = isTaken
      ? 'the port is taken: stop what listens there or set HTTP_PORT'
      : errorMessage(error)
    throw new Error(`HTTP server can't listen on HTTP_HOST=${host} HTTP_PORT=${port}: ${hint}`, {
      cause: error,
    })
  }
}

/** Requests under way may finish; connections that say nothing are not waited for. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS)
  await app.close()
  clearTimeout(timer)
}

async function finishWithin(timeoutMs: number, ingest: Ingest): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false)
  })
  const finished = await Promise.race([ingest.drain().then(() => true as const), late])
  clearTimeout(timer)
  if (!finished) ingest.abort('this instance is stopping')
  return finished
}
