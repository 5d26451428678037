import { randomUUID } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
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
import { type Cleanup, createCleanup } from './lib/cleanup.ts'
import { observeAdapters } from './observe-adapters.ts'
import type { TelemetryFeed } from './ports/telemetry-feed.ts'
import { createRetention } from './retention/retention.ts'
import { followChanges } from './telemetry/follow-changes.ts'
import { Ingest } from './telemetry/ingest.ts'

const CLOSE_GRACE_MS = 2000
const OBJECT_STORE_CHECK_MS = 5000

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
    instance: `${hostname()}-${randomUUID().slice(0, 8)}`,
    now: clock.now,
    hooks: observeAdapters({ metrics, keys, logger, clock }),
  })
  const { telemetryFeed, queues, fleetIndex, deadLetters } = ports

  const live = createLiveVehicles({ ...config.stream, metrics, clock })
  const ingest = new Ingest({
    ...ports,
    config: config.telemetry,
    onVehiclesChanged: live.changed.bind(live),
    onStatusesStored: () => follower.tellOthers(),
    metrics,
    logger,
    clock,
  })
  const retention = createRetention({ ...ports, ...config.retention, clock, metrics, logger })
  const learn: Ingest['learn'] = (snapshot) => ingest.learn(snapshot)
  const follower = followChanges({ ...ports, learn, logger })
  const has = (role: 'fleet-api' | 'telemetry'): boolean => config.roles.has(role)
  const feeds = has('telemetry') ? [telemetryFeed, ...queues] : []

  let isDraining = false
  const health = createHealth(ports, () => [
    ...(isDraining ? ['this instance is stopping'] : []),
    ...ingest.problems(),
    ...feeds.flatMap((feed) => feed.problems()),
  ])
  const app = await buildApp({
    config,
    logger,
    metrics,
    clock,
    keys,
    health,
    ...(has('fleet-api') ? { fleet: { index: fleetIndex, live } } : {}),
    deadLetters: { store: deadLetters, redrive: (letter) => ingest.redrive(letter) },
    ...(has('telemetry') ? { deliver: (message) => ingest.deliver(message) } : {}),
    mqttSocket: has('telemetry') ? ports.acceptMqttStream : undefined,
  })

  const cleanup = createCleanup()
  const open = async (): Promise<void> => {
    await prepareDataFolder(config.dataDir)
    cleanup.add(await lockDataFolder(config.dataDir))
    await keys.open()
    await openPorts(ports, cleanup)
    await ingest.load()
    follower.start()
    cleanup.add(() => follower.stop())
    retention.start()
    cleanup.add(() => retention.stop())
    cleanup.add(() => closeApp(app))
    for (const feed of feeds) await startFeed(feed, ingest, { cleanup, logger })
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
      await Promise.all([retention.stop(), follower.stop()])
      await Promise.all(feeds.map((feed) => feed.stopIntake()))
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

async function openPorts(ports: Ports, cleanup: Cleanup): Promise<void> {
  const { database, signals, objectStore, deadLetters, fleetIndex } = ports
  for (const port of [database, signals, objectStore, deadLetters, fleetIndex]) {
    await port.open()
    cleanup.add(() => port.close())
  }
}

async function startFeed(
  feed: TelemetryFeed,
  ingest: Ingest,
  { cleanup, logger }: { readonly cleanup: Cleanup; readonly logger: Logger },
): Promise<void> {
  cleanup.add(() => feed.close())
  await feed.start((message) => ingest.deliver(message))
  logger.info({ urls: feed.describe().urls }, 'telemetry feed started')
}

/** Ready: every engine answers, and nothing says that messages can't be stored. */
function createHealth(ports: Ports, problems: () => readonly string[]) {
  const { fleetIndex, database, objectStore } = ports
  // It writes and removes an object: not for each of the load balancer's questions.
  const checkObjects = rememberFor(OBJECT_STORE_CHECK_MS, () => objectStore.check())
  const engines = [
    ['fleet index', fleetIndex],
    ['database', database],
    ['object store', { check: checkObjects }],
  ] as const
  return {
    async check(): Promise<readonly string[]> {
      const failures = await Promise.all(
        engines.map(([name, engine]) =>
          engine.check().then(
            () => [],
            (error: Error) => [`${name}: ${error.message}`],
          ),
        ),
      )
      return [...failures.flat(), ...problems()]
    },
  }
}

function rememberFor<T>(durationMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; readonly until: number } | undefined
  return () => {
    if (last === undefined || performance.now() > last.until) {
      last = { answer: ask(), until: performance.now() + durationMs }
    }
    return last.answer
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
