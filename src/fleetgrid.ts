import { randomUUID } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { createPorts, type Ports } from './adapters/create-ports.ts'
import { lockDataFolder } from './adapters/data-folder-lock.ts'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import type { Role } from './config/env.ts'
import { createArchive } from './create-archive.ts'
import { createCharging } from './create-charging.ts'
import { createSubmissions, type SubmissionsPipeline } from './create-submissions.ts'
import { createVehicleEvents } from './create-vehicle-events.ts'
import type { RedriveLetter } from './dead-letters/redrive.ts'
import { type Clock, systemClock } from './domain/clock.ts'
import { errorMessage } from './domain/errors.ts'
import { createLiveVehicles } from './fleet/live-vehicles.ts'
import { createHealth } from './health.ts'
import { createKeys } from './http/auth.ts'
import { closeApp, listen } from './http/listen.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { createCleanup } from './lib/cleanup.ts'
import { isDoneWithin, unlessAborted } from './lib/within.ts'
import { observeAdapters } from './observe-adapters.ts'
import { importOlder, type Needs, needsOf, type Opening, openPorts } from './open-ports.ts'
import type { FeedMessage, TelemetryFeed } from './ports/telemetry-feed.ts'
import { createRetention } from './retention/retention.ts'
import { createStartup } from './startup.ts'
import { SUBMISSIONS_TOPIC } from './submissions/submissions.ts'
import { followChanges } from './telemetry/follow-changes.ts'
import { Ingest } from './telemetry/ingest.ts'

const CLOSE_GRACE_MS = 2000
/** Of the drain time-out, over which charge points are sent away. */
const CHARGE_POINTS_SHARE = 0.6
const STOPPING = 'this instance is stopping'

export interface Fleetgrid {
  /**
   * Opens everything in order, HTTP first, which says what is still missing. Whatever fails closes
   * what was opened, and rejects; `drain` and `close` end it at any time.
   */
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
  options: FleetgridOptions,
): Promise<Fleetgrid> {
  const parts = await createParts(config, options)
  const { ports, stopping, cleanup, ingest, archiving, retention, follower } = parts
  const { charging, pipeline, app } = parts
  return {
    async start() {
      try {
        await open(config, parts)
      } catch (error) {
        // Otherwise whoever stops it closes it.
        if (!stopping.signal.aborted) {
          await cleanup.run().catch((err) => options.logger.error({ err }, 'clean-up failed'))
        }
        throw error
      }
    },
    async drain() {
      stopping.abort(new Error(STOPPING))
      void retention.stop()
      void follower.stop()
      const intake = Promise.all(parts.started.map((feed) => feed.stopIntake()))
      const queued = pipeline === undefined ? undefined : ports.submissionQueue?.stopIntake()
      const drained = Promise.all([
        intake.then(() => Promise.all([ingest.drain(), archiving?.drain()])),
        Promise.resolve(queued).then(() => pipeline?.submissions.drain()),
        charging?.drain(config.drainTimeoutMs * CHARGE_POINTS_SHARE),
      ])
      const finished = await isDoneWithin(config.drainTimeoutMs, drained)
      if (!finished) {
        ingest.abort(STOPPING)
        archiving?.messages.abort(STOPPING)
        pipeline?.submissions.abort(STOPPING)
      }
      return finished
    },
    ports,
    async close() {
      stopping.abort(new Error(STOPPING))
      await cleanup.run()
    },
    upkeep: () => retention.runOnce(),
    urls: () => ({
      http: app.listeningOrigin,
      mqtt: config.roles.has('telemetry') ? ports.telemetryFeed.describe().urls : [],
    }),
  }
}

type Parts = Awaited<ReturnType<typeof createParts>>

async function createParts(config: Config, { logger, clock = systemClock }: FleetgridOptions) {
  const stopping = new AbortController()
  const metrics = createMetrics()
  const keys = createKeys(config.auth, clock)
  const startup = createStartup({ logger, clock })
  const { waiting: onWaiting, problem: starting } = startup
  const instance = `${hostname()}-${randomUUID().slice(0, 8)}`
  const ports = createPorts(config, {
    instance,
    now: clock.now,
    hooks: observeAdapters({ metrics, keys, logger, clock, onWaiting }),
  })
  const { telemetryFeed, queues, fleetIndex, deadLetters } = ports

  const has = (role: Role): boolean => config.roles.has(role)
  const needs = needsOf(config)
  const observers = { metrics, logger, clock }
  const live = createLiveVehicles({ ...config.stream, metrics, clock })
  const vehicleEvents = needs.vehicleEvents
    ? createVehicleEvents({ config, ports, ...observers })
    : undefined
  const ingest = new Ingest({
    ...{ ...ports, vehicleEvents, ...observers },
    config: config.telemetry,
    onVehiclesChanged: live.changed.bind(live),
    onStatusesStored: () => follower.tellOthers(),
  })
  const retention = createRetention({
    ...{ ...config.retention, clock, metrics, logger },
    fleetIndex: needs.fleetIndex ? fleetIndex : undefined,
    deadLetters: needs.objects ? deadLetters : undefined,
    chargingData: has('charging')
      ? { ...ports.charging, leases: ports.leases, retentionMs: config.chargingData.retentionMs }
      : undefined,
  })
  const learn: Ingest['learn'] = (snapshot) => ingest.learn(snapshot)
  const follower = followChanges({ ...ports, learn, logger })
  const deliver: Ingest['deliver'] = ingest.deliver.bind(ingest)
  const features = createFeatures({ config, ports, instance, deliver, stopping, observers })
  const { charging, archiving, pipeline } = features
  const redrive: RedriveLetter = (letter) =>
    (letter.topic === SUBMISSIONS_TOPIC && pipeline?.submissions.redrive(letter)) ||
    ingest.redrive(letter)
  const feeds = has('telemetry') ? [telemetryFeed, ...queues] : []

  const started: TelemetryFeed[] = []
  const listProblems = () => [
    ...(stopping.signal.aborted ? [STOPPING] : []),
    ...ingest.problems(),
    ...(needs.eventStream ? ports.eventStream.problems() : []),
    ...started.flatMap((feed) => feed.problems()),
    ...(charging === undefined ? [] : ports.charging.problems()),
    ...(pipeline?.problems() ?? []),
    ...(archiving?.messages.problems() ?? []),
  ]
  // Of an engine that several features need each may tell the same.
  const problems = () => [...new Set(listProblems())]
  const app = await buildApp({
    config,
    logger,
    metrics,
    clock,
    keys,
    health: createHealth({ ports, needs, clock, starting, problems }),
    starting,
    ...(has('fleet-api') ? { fleet: { index: fleetIndex, live } } : {}),
    ...(charging === undefined ? {} : { charging }),
    ...(pipeline === undefined ? {} : { submissions: pipeline.routes }),
    ...(archiving === undefined ? {} : { archive: archiving.routes }),
    ...(needs.objects ? { deadLetters: { store: deadLetters, redrive } } : {}),
    ...(has('telemetry') ? { deliver } : {}),
    mqttSocket: has('telemetry') ? ports.acceptMqttStream : undefined,
  })
  const services = { ...features, vehicleEvents, ingest, retention, follower, keys, app }
  const life = { started, startup, stopping, cleanup: createCleanup(), logger }
  return { ports, ...services, feeds, needs, ...life }
}

interface FeatureDeps {
  readonly config: Config
  readonly ports: Ports
  readonly instance: string
  readonly deliver: Ingest['deliver']
  readonly stopping: AbortController
  readonly observers: { readonly metrics: Metrics; readonly logger: Logger; readonly clock: Clock }
}

/** What a role brings with it; undefined where this instance hasn't that role. */
function createFeatures({ config, ports, instance, deliver, stopping, observers }: FeatureDeps) {
  const { roles, pipelines } = config
  const shared = { config, ports, ...observers }
  return {
    charging: roles.has('charging') ? createCharging({ ...shared, instance }) : undefined,
    archiving: roles.has('telemetry')
      ? createArchive({ ...shared, deliver, signal: stopping.signal })
      : undefined,
    pipeline: roles.has('pipelines')
      ? createSubmissions({ ...shared, config: pipelines })
      : undefined,
  }
}

/** HTTP first: whoever asks learns what is still missing. Each step adds its undoing. */
async function open(config: Config, parts: Parts): Promise<void> {
  const { ports, ingest, archiving, retention, charging, pipeline, app, needs } = parts
  const { logger, startup, cleanup } = parts
  const { signal } = parts.stopping
  const opening = { startup, cleanup, logger, signal }
  await prepareDataFolder(config.dataDir)
  signal.throwIfAborted()
  cleanup.add(lockDataFolder(config.dataDir))
  const stopServing = once(() => closeApp(app))
  cleanup.add(stopServing)
  await listen(app, config.http)
  await parts.keys.open()
  await openPorts(ports, needs, opening)
  if (needs.vehicleEvents) cleanup.add(async () => parts.vehicleEvents?.abort(STOPPING))
  if (needs.fleetIndex) await loadFleet(config, parts, opening)
  retention.start()
  cleanup.add(() => isDoneWithin(CLOSE_GRACE_MS, retention.stop()))
  if (charging !== undefined) {
    startup.begin('it lets charge points in')
    await charging.start()
    cleanup.add(() => charging.stop())
  }
  if (archiving !== undefined) {
    const { archive } = archiving
    startup.begin('it opens the archive')
    cleanup.add(() => archive.close())
    await startup.patiently(() => archive.open(), signal)
  }
  // Before what requests under way still use.
  cleanup.add(stopServing)
  for (const feed of parts.feeds) {
    parts.started.push(feed)
    // Raw is kept what devices say; what is told about them comes again from where it is kept.
    const isOfDevices = feed === ports.telemetryFeed
    const taker = isOfDevices ? (archiving?.messages ?? ingest) : ingest
    await startFeed(feed, taker, opening)
  }
  if (pipeline !== undefined) await startPipeline(ports, pipeline, opening)
  startup.done()
  logger.info(describeEngines(config, needs), 'ready')
}

async function loadFleet(
  config: Config,
  { ports, ingest, follower }: Pick<Parts, 'ports' | 'ingest' | 'follower'>,
  opening: Opening,
): Promise<void> {
  const { startup, signal, cleanup } = opening
  await importOlder(config, ports, opening)
  startup.begin('it loads the registry')
  await unlessAborted(ingest.load(signal), signal)
  follower.start()
  cleanup.add(() => isDoneWithin(CLOSE_GRACE_MS, follower.stop()))
}

/** Whoever reads the log of one instance among others sees what it is; `off` is what its roles don't start. */
function describeEngines(config: Config, needs: Needs) {
  const { roles, telemetryFeed, fleetIndex, database, objectStore, pipelines, archive } = config
  const adapterIf = (isStarted: boolean, engine: { readonly adapter: string } | undefined) =>
    (isStarted && engine?.adapter) || 'off'
  return {
    roles: [...roles],
    telemetryFeed: adapterIf(roles.has('telemetry'), telemetryFeed),
    fleetIndex: adapterIf(needs.fleetIndex, fleetIndex),
    database: database.adapter,
    objectStore: adapterIf(needs.objects, objectStore),
    submissionQueue: adapterIf(roles.has('pipelines'), pipelines.submissionQueue),
    eventStream: adapterIf(needs.eventStream, pipelines.eventStream),
    vehicleEvents: needs.vehicleEvents ? 'on' : 'off',
    archive: adapterIf(roles.has('telemetry'), archive),
  }
}

async function startFeed(
  feed: TelemetryFeed,
  taker: { deliver(message: FeedMessage): void },
  { cleanup, startup, signal, logger }: Opening,
): Promise<void> {
  const { urls } = feed.describe()
  startup.begin(`it starts the feed ${urls.join(', ')}`)
  cleanup.add(() => feed.close())
  await unlessAborted(
    feed.start((message) => taker.deliver(message)),
    signal,
  )
  logger.info({ urls: feed.describe().urls }, 'telemetry feed started')
}

async function startPipeline(
  { submissionQueue, diagnostics }: Ports,
  { submissions }: SubmissionsPipeline,
  { cleanup, startup, signal, logger }: Opening,
): Promise<void> {
  cleanup.add(async () => diagnostics?.close())
  cleanup.add(async () => submissions.abort(STOPPING))
  if (submissionQueue === undefined) return
  startup.begin(`it starts the queue ${submissionQueue.describe().url}`)
  cleanup.add(() => submissionQueue.close())
  const started = submissionQueue.start((message) => {
    const { delete: done, release: again, ...submission } = message
    submissions.handle({ ...submission, done, again })
  })
  await unlessAborted(started, signal)
  logger.info(submissionQueue.describe(), 'queue of submissions started')
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= run()
    return running
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
